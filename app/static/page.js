/* What the browser does by itself: hand clicks on our own buttons to the server, copy, download,
   switch the theme, and a few keys. No library, nothing fetched. */
"use strict";

/* Hand a blob to the visitor under a name. */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 4000);
}

/* Return an SVG of the page as a picture, with the looks that the style sheet gives it. */
async function picture(svg) {
  const looks = ["fill", "fill-opacity", "stroke", "stroke-width", "font-size", "font-weight",
    "font-family", "paint-order", "stroke-linejoin"];
  const copy = svg.cloneNode(true);
  const parts = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((part, place) => {
    const style = getComputedStyle(part);
    for (const look of looks) parts[place].style.setProperty(look, style.getPropertyValue(look));
  });
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.removeAttribute("style");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const image = new Image(width, height);
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  await image.decode();
  return image;
}

window.notewright = {
  /* Send a click on <button data-choose="2"> in `element` as the event "choose" with value "2";
     parts of plots are no buttons, but clicked, and those with a focus pressed, all the same. */
  on(element, trigger, ...events) {
    const send = (target) => {
      for (const event of events) {
        const button = target.closest(`:is(button, svg *)[data-${event}]`);
        if (button && element.contains(button)) {
          trigger(event, { value: button.dataset[event] });
        }
      }
    };
    element.addEventListener("click", (click) => send(click.target));
    element.addEventListener("keydown", (key) => {
      if ((key.key === "Enter" || key.key === " ") && key.target.closest("svg [role=button]")) {
        key.preventDefault();
        send(key.target);
      }
    });
  },

  async copy(text) {
    const button = document.querySelector("#copy-note");
    const done = () => {
      button?.classList.add("is-done");
      setTimeout(() => button?.classList.remove("is-done"), 1600);
    };
    if (navigator.clipboard && window.isSecureContext) {
      try {
        await navigator.clipboard.writeText(text ?? "");
        return done();
      } catch {
        /* not allowed here: the old way below */
      }
    }
    const box = document.createElement("textarea");
    box.value = text ?? "";
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    done();
  },

  download(file) {
    if (!file?.text) return;
    save(new Blob([file.text], { type: "text/markdown;charset=utf-8" }), file.name);
  },

  /* Press a hidden download link once the server has named its file. */
  press(id) {
    setTimeout(() => {
      const found = document.getElementById(id);
      (found?.closest("a") ?? found?.querySelector("a") ?? found)?.click();
    }, 150);
  },

  /* What was scrolled past has changed: go back to where it begins. */
  back(id) {
    const found = document.getElementById(id);
    if (found && found.getBoundingClientRect().top < 0) found.scrollIntoView();
  },

  /* On a phone the result is below the form: bring it into view. */
  reveal(id) {
    if (window.innerWidth < 900) {
      setTimeout(() => document.getElementById(id)?.scrollIntoView({ behavior: "smooth" }), 250);
    }
  },

  /* Bring what was just opened into view, and the keyboard with it. */
  show(id) {
    setTimeout(() => {
      const heading = document.querySelector(`#${id} [tabindex="-1"]`);
      heading?.closest("section")?.scrollIntoView({ behavior: "smooth", block: "start" });
      heading?.focus({ preventScroll: true });
    }, 150);
  },

  /* Download the plots within an element as one picture, as they look now. */
  async png(id, name) {
    const plots = [...document.querySelectorAll(`#${id} svg[data-plot]`)];
    const pictures = await Promise.all(plots.map(picture));
    if (!pictures.length) return;
    const gap = 24;
    const width = Math.max(...pictures.map((each) => each.width)) + 2 * gap;
    const height = pictures.reduce((sum, each) => sum + each.height + gap, gap);
    const canvas = document.createElement("canvas");
    canvas.width = 2 * width;
    canvas.height = 2 * height;
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    pen.fillStyle = getComputedStyle(document.querySelector(`#${id} figure`)).backgroundColor;
    pen.fillRect(0, 0, width, height);
    let top = gap;
    for (const each of pictures) {
      pen.drawImage(each, gap, top, each.width, each.height);
      top += each.height + gap;
    }
    canvas.toBlob((blob) => save(blob, name), "image/png");
  },

  theme() {
    const dark = document.body.classList.toggle("dark");
    try {
      localStorage.setItem("notewright-theme", dark ? "dark" : "light");
    } catch {
      /* private mode: the choice lasts until the page is closed */
    }
  },
};

(() => {
  const chosen = (() => {
    try {
      return localStorage.getItem("notewright-theme");
    } catch {
      return null;
    }
  })();
  const ready = () => {
    document.documentElement.lang = (navigator.language || "en").startsWith("zh") ? "zh" : "en";
    if (!chosen || /[?&]__theme=/.test(location.search)) return;
    const apply = () => document.body.classList.toggle("dark", chosen === "dark");
    apply();
    setTimeout(apply, 600); /* Gradio sets the system's theme once more when it has started */
  };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", ready) : ready();

  /* Gradio hears what is typed by "keypress" alone: not pasting, not deleting, not an input method
     (all Chinese is typed with one). Tell it of those too, or they would not be kept. */
  let pressed = null;
  addEventListener("keypress", (key) => {
    if (!key.isTrusted) return;
    pressed = key.target;
    setTimeout(() => (pressed = null));
  }, true);
  addEventListener("input", (input) => {
    const field = input.target;
    if (field !== pressed && field.matches?.("[data-testid=textbox]")) {
      field.dispatchEvent(new KeyboardEvent("keypress", { bubbles: true, key: "Unidentified" }));
    }
  });

  /* A button with data-goto="editor" takes you to that field. */
  addEventListener("click", (click) => {
    const name = click.target.closest?.("button[data-goto]")?.dataset.goto;
    const field = name && document.querySelector(`#${name} textarea`);
    if (field) {
      field.scrollIntoView({ behavior: "smooth", block: "center" });
      field.focus({ preventScroll: true });
    }
  });

  /* On the Rate tab 1, 2 and 0 vote and u undoes, wherever you are but in a field. */
  addEventListener("keydown", (key) => {
    if (key.repeat || key.ctrlKey || key.metaKey || key.altKey) return;
    if (key.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const ballot = document.querySelector("#ballot");
    if (!ballot?.offsetParent) return;
    const button =
      key.key === "u"
        ? document.querySelector("#undo-vote")
        : "012".includes(key.key) && ballot.querySelector(`button[data-key="${key.key}"]`);
    if (button) {
      key.preventDefault();
      button.click();
    }
  });

  /* Ctrl or Command with Enter writes from anywhere on the Write tab. */
  addEventListener("keydown", (key) => {
    if (key.key !== "Enter" || !(key.ctrlKey || key.metaKey)) return;
    const write = document.querySelector("#write");
    if (write && write.offsetParent && !write.disabled) {
      key.preventDefault();
      write.click();
    }
  });
})();
