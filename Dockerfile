# Two stages: one compiles llama.cpp and installs everything, the other carries the result.
# No address stands here: pip and apt use those they are set up with.

FROM python:3.11-slim AS builder

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/notewright

# An image runs on other processors than the one that builds it: the set is named, and AVX2 is the
# most that it may ask for. On ARM these names mean nothing and the compiler's baseline holds.
# The requirement is named here because pip does not apply these settings to those of a file.
RUN /opt/notewright/bin/pip wheel --no-deps --wheel-dir wheels \
        --config-settings=cmake.define.GGML_NATIVE=OFF \
        --config-settings=cmake.define.GGML_AVX=ON \
        --config-settings=cmake.define.GGML_AVX2=ON \
        --config-settings=cmake.define.GGML_FMA=ON \
        --config-settings=cmake.define.GGML_F16C=ON \
        --config-settings=cmake.define.GGML_BMI2=ON \
        --config-settings=cmake.define.GGML_AVX512=OFF \
        --config-settings=cmake.define.LLAVA_BUILD=OFF \
        "$(grep '^llama-cpp-python==' requirements.lock)"

# The lock's last part is for working on Notewright: it stays out.
RUN sed '/^# tools/,$d' requirements.lock > runtime.lock \
    && /opt/notewright/bin/pip install --no-deps --find-links wheels -r runtime.lock

# An image that would die elsewhere is not built at all.
RUN /opt/notewright/bin/python -c "import llama_cpp; \
info = llama_cpp.llama_print_system_info().decode(); \
assert 'AVX512' not in info, info"

COPY pyproject.toml README.md LICENSE ./
COPY app ./app
COPY engine ./engine
COPY storage ./storage
COPY finetune ./finetune
RUN /opt/notewright/bin/pip install --no-deps .


FROM python:3.11-slim

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home notewright \
    && mkdir /data \
    && chown notewright:notewright /data

COPY --from=builder /opt/notewright /opt/notewright

ENV PATH=/opt/notewright/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/home/notewright \
    HF_HUB_OFFLINE=1 \
    NOTEWRIGHT_DATA_DIR=/data \
    NOTEWRIGHT_HOST=0.0.0.0 \
    NOTEWRIGHT_SHARED=true \
    NOTEWRIGHT_OPEN_BROWSER=false

USER 1000
WORKDIR /home/notewright
VOLUME /data
EXPOSE 7860

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=4)"]

CMD ["notewright", "serve"]
