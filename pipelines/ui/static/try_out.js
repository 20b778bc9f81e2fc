// A picture dropped anywhere on the page Try is asked about at once, and so is one that is chosen.
"use strict";

const form = () => document.getElementById("try-out");
function send() {
  const file = form().elements.picture.files[0];
  const large = file !== undefined && file.size > Number(form().dataset.mostBytes);
  document.getElementById("too-large").hidden = !large;
  if (file !== undefined && !large) form().requestSubmit();
}

document.addEventListener("change", (event) => {
  if (form() !== null && event.target === form().elements.picture) send();
});
document.addEventListener("dragover", (event) => {
  if (form() !== null) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (form() === null) return;
  event.preventDefault();
  if (event.dataTransfer.files.length > 0) {
    form().elements.picture.files = event.dataTransfer.files;
    send();
  }
});
