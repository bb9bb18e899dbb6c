// What is typed for a voucher stays in this tab until it is saved, so that signing in again does not lose it.
// Runs before voucher.js, which makes the lines that came back searchable.
"use strict";

(() => {
  const form = document.querySelector("[data-voucher]");
  const sent = "voucher:sent";
  const here = location.pathname + location.search;

  // The page of the voucher: it was saved if the form that was sent led straight here.
  if (!form) {
    const { key, address } = JSON.parse(sessionStorage.getItem(sent) || "{}");
    if (address && document.referrer === address) sessionStorage.removeItem(key);
    sessionStorage.removeItem(sent);
    return;
  }

  const key = `voucher:${form.dataset.writer}:${here}`;
  const kept = JSON.parse(sessionStorage.getItem(key) || "null");
  const notice = form.querySelector("[data-came-back]");
  let isForgotten = false;

  const typed = () =>
    [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "new_project"].includes(name));
  // The page as it came, without its day: tomorrow the same empty page has another one.
  const asItCame = (values) => JSON.stringify(values.filter(([name, value]) => name !== "date" && value));
  const came = "unsent" in form.dataset ? asItCame(typed()) : kept?.came;

  const bringBack = (values) => {
    const total = form.querySelector("[name=lines-TOTAL_FORMS]");
    const blank = document.querySelector("[data-new-line]").innerHTML;
    const wanted = Number(Object.fromEntries(values)[total.name]);
    for (let n = Number(total.value); n < wanted; n++) {
      const html = blank.replaceAll("__prefix__", n).replaceAll("__number__", n + 1);
      form.querySelector("[data-lines]").insertAdjacentHTML("beforeend", html);
    }
    for (const [name, value] of values) {
      const field = form.elements.namedItem(name);
      if (field) field.value = value;
      else if (name.endsWith("_typed")) form.elements.namedItem(name.slice(0, -6)).dataset.typed = value;
      const fold = value && value !== "own" && field?.closest("details");
      if (fold) fold.open = true;
    }
    notice.hidden = false;
  };

  const keep = () => {
    const values = typed();
    const plain = values.filter(([name]) => !name.endsWith("_typed"));
    if (isForgotten || asItCame(plain) === came) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify({ came, values }));
  };

  sessionStorage.removeItem(sent);
  if ("unsent" in form.dataset && kept?.came === came) bringBack(kept.values);
  form.addEventListener("input", keep);
  form.addEventListener("submit", () => {
    keep();
    sessionStorage.setItem(sent, JSON.stringify({ key, address: location.href }));
  });
  window.addEventListener("pagehide", keep);
  notice.querySelector("button").addEventListener("click", () => {
    isForgotten = true;
    keep();
    location.replace(location.href);
  });
})();
