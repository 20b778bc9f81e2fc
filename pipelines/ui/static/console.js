// Say it where the console has ended: a page that htmx keeps fresh would stand still without a word.
const offline = () => document.getElementById("offline");
document.addEventListener("htmx:sendError", () => { offline().hidden = false; });
document.addEventListener("htmx:afterOnLoad", () => { offline().hidden = true; });
