/* What the browser does by itself: hand clicks on our own buttons to the server, copy, download,
   switch the theme, and a few keys. No library, nothing fetched. */
"use strict";

window.notewright = {
  /* Send a click on <button data-choose="2"> in `element` as the event "choose" with value "2". */
  on(element, trigger, ...events) {
    element.addEventListener("click", (click) => {
      for (const event of events) {
        const button = click.target.closest(`button[data-${event}]`);
        if (button && element.contains(button)) {
          trigger(event, { value: button.dataset[event] });
        }
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
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: "text/markdown;charset=utf-8" }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 4000);
  },

  /* Press a hidden download link once the server has named its file. */
  press(id) {
    setTimeout(() => {
      const found = document.getElementById(id);
      (found?.closest("a") ?? found?.querySelector("a") ?? found)?.click();
    }, 150);
  },

  /* On a phone the result is below the form: bring it into view. */
  reveal(id) {
    if (window.innerWidth < 900) {
      setTimeout(() => document.getElementById(id)?.scrollIntoView({ behavior: "smooth" }), 250);
    }
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
