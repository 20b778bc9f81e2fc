// Keys of the page Label. Without this script all buttons work by themselves.
"use strict";

const desk = () => document.getElementById("desk");
const busy = () => desk() === null || desk().querySelector(".htmx-request") !== null;
const classes = () => [...document.querySelectorAll("#desk button.answer:not([hidden])")];
const press = (selector) => document.querySelector(`#desk ${selector}`)?.click();

// With a filter, the keys 1 to 9 are those of the classes that are left.
function narrow(text) {
  const wanted = text.trim().toLowerCase();
  document.querySelectorAll("#desk button.answer").forEach((button) => {
    button.hidden = !button.value.toLowerCase().includes(wanted);
  });
  classes().forEach((button, place) => {
    button.querySelector("kbd").textContent = place < 9 ? String(place + 1) : "";
  });
}

document.addEventListener("input", (event) => {
  if (event.target.id === "class-filter") narrow(event.target.value);
});

document.addEventListener("keydown", (event) => {
  if (desk() === null || event.isComposing || event.altKey || event.metaKey) return;
  const inFilter = event.target.id === "class-filter";
  if (inFilter && event.key === "Escape") {
    event.target.value = "";
    narrow("");
    event.target.blur();
    return;
  }
  if (inFilter && event.key === "Enter") {
    event.preventDefault();
    if (!busy()) classes()[0]?.click();
    return;
  }
  if (!inFilter && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.ctrlKey) {
    if (event.key.toLowerCase() === "z" && !inFilter) {
      event.preventDefault();
      if (!busy()) press("button.undo");
    }
    return;
  }
  // A key held down is one answer, and none comes before the next picture is there.
  if (event.repeat || (busy() && !inFilter)) return;
  if (/^[1-9]$/.test(event.key) && !(inFilter && event.target.value === "")) {
    const button = classes()[Number(event.key) - 1];
    if (button) {
      event.preventDefault();
      button.click();
    }
  } else if (inFilter) {
    return;
  } else if (event.key === "0") {
    press("button.unsure");
  } else if (event.key === "u" || event.key === "U") {
    press("button.undo");
  } else if (/^[\p{L}/]$/u.test(event.key)) {
    const filter = document.getElementById("class-filter");
    if (filter === null) return;
    if (event.key === "/") event.preventDefault();
    filter.focus();
  }
});

// An error is said beside the picture, which stays.
document.addEventListener("htmx:beforeSwap", (event) => {
  const place = document.getElementById("desk-error");
  if (event.detail.xhr.status >= 400 && place !== null) {
    event.detail.target = place;
    event.detail.swapOverride = "innerHTML";
  }
});
