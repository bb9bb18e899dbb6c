// Writing a voucher: sums as one types, the line that balances, accounts by code or name, more lines.
// The page does all of it without this script, too; only slower.
"use strict";

(() => {
  const form = document.querySelector("[data-voucher]");
  const lines = form.querySelector("[data-lines]");
  const blank = document.querySelector("[data-new-line]");
  const total = form.querySelector("[name=lines-TOTAL_FORMS]");
  const balance = form.querySelector("[data-balance]");
  const mostShown = 60;
  let lastLine = null;

  // Amounts, in fen; by the same rule as portal/office/amounts.py.
  const read = (text) => {
    const typed = text
      .normalize("NFKC")
      .replace(/[−–]/g, "-")
      .replace(/。/g, ".")
      .replace(/[¥\s]/g, "");
    const found = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(?:\.(\d{0,2}))?$/.exec(typed);
    if (!found) return 0n;
    const fen = BigInt(found[2].replace(/,/g, "") + (found[3] || "").padEnd(2, "0"));
    return found[1] === "-" ? -fen : fen;
  };
  const plain = (fen) => {
    const digits = String(fen).padStart(3, "0");
    return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
  };
  const written = (fen) =>
    (fen < 0n ? "−" : "") + plain(fen < 0n ? -fen : fen).replace(/\B(?=(\d{3})+\.)/g, ",");

  const field = (line, name) => line.querySelector(`[name$="-${name}"]`);
  const allLines = () => [...lines.querySelectorAll("[data-line]")];
  const isEmpty = (line) => !field(line, "debit").value.trim() && !field(line, "credit").value.trim();

  const sums = (except) => {
    const found = { debit: 0n, credit: 0n };
    for (const line of allLines()) {
      if (line === except) continue;
      for (const side of ["debit", "credit"]) found[side] += read(field(line, side).value);
    }
    return found;
  };

  // The line that takes the difference: where one is, else the first that has an account and no amount.
  const target = () => {
    if (lastLine && isEmpty(lastLine)) return lastLine;
    const empty = allLines().filter(isEmpty);
    return empty.find((line) => field(line, "account").value) || empty[0];
  };

  const show = () => {
    const { debit, credit } = sums();
    const difference = debit > credit ? debit - credit : credit - debit;
    for (const [name, fen] of Object.entries({ debit, credit, difference })) {
      const place = form.querySelector(`[data-sum=${name}]`);
      if (place.textContent.trim() !== written(fen)) place.textContent = written(fen);
    }
    form.querySelector("[data-sum=difference]").closest("div").classList.toggle("voucher-differs", difference > 0n);
    const line = target();
    balance.hidden = !difference || !line;
    if (line) balance.textContent = balance.dataset.balance.replace("{n}", allLines().indexOf(line) + 1);
  };

  const fill = (line) => {
    const { debit, credit } = sums(line);
    const side = debit > credit ? "credit" : "debit";
    const difference = debit > credit ? debit - credit : credit - debit;
    field(line, "debit").value = "";
    field(line, "credit").value = "";
    if (difference) field(line, side).value = plain(difference);
    field(line, side).focus();
    show();
  };

  // Opens what an account asks for, and names it.
  const unfold = (line) => {
    const chosen = field(line, "account").selectedOptions[0];
    const needed = (chosen?.dataset.needs || "").split(" ").filter(Boolean);
    line.querySelector("[data-needs]").hidden = !needed.length;
    for (const name of line.querySelectorAll("[data-need]")) name.hidden = !needed.includes(name.dataset.need);
    if (needed.length) line.querySelector("details").open = true;
  };

  // A search field before the list of accounts (ARIA combobox): the list keeps the value and stays in the form.
  const searchable = (line) => {
    const select = field(line, "account");
    const input = document.createElement("input");
    const list = document.createElement("ul");
    const id = select.id;
    select.id = `${id}_list`;
    select.hidden = true;
    list.id = `${id}_options`;
    list.className = "voucher-accounts plain";
    list.setAttribute("role", "listbox");
    list.hidden = true;
    for (const [name, value] of Object.entries({
      id, type: "text", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      name: `${select.name}_typed`, "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": list.id,
    })) input.setAttribute(name, value);
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
    const box = document.createElement("div");
    box.className = "voucher-search";
    box.append(input, list);
    select.before(box);

    const options = [...select.options].filter((option) => option.value);
    const label = () => (select.value ? select.selectedOptions[0].text.trim() : "");
    let active = -1;
    input.value = label() || select.dataset.typed || "";

    const matching = () => {
      const words = input.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
      if (input.value === label()) return options;
      const found = options.filter((option) => words.every((word) => option.text.toLowerCase().includes(word)));
      const byCode = (option) => words.length && option.value.startsWith(words[0]);
      return [...found.filter(byCode), ...found.filter((option) => !byCode(option))];
    };
    const close = () => {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (value) => {
      select.value = value;
      if (value) input.value = label();
      close();
      unfold(line);
      show();
    };
    const mark = (index) => {
      active = index;
      [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === index)));
      const item = list.children[index];
      if (!item) return;
      item.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", item.id);
    };
    const open = () => {
      const found = matching().slice(0, mostShown);
      list.replaceChildren(
        ...found.map((option, n) => {
          const item = document.createElement("li");
          item.id = `${list.id}_${n}`;
          item.setAttribute("role", "option");
          item.dataset.value = option.value;
          item.textContent = option.text;
          return item;
        }),
      );
      list.hidden = !found.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      input.removeAttribute("aria-activedescendant");
      active = -1;
      const seen = window.visualViewport?.height || window.innerHeight;
      if (list.getBoundingClientRect().bottom > seen) box.scrollIntoView({ block: "start" });
    };
    const settle = () => {
      if (input.value === label()) return close();
      const found = input.value.trim() ? matching() : [];
      const code = input.value.normalize("NFKC").trim().split(/\s/)[0];
      const exact = found.find((option) => option.value === code);
      choose(exact ? exact.value : found.length === 1 ? found[0].value : "");
    };

    input.addEventListener("input", open);
    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", open);
    input.addEventListener("blur", settle);
    // Pressing an option must not take the focus away before the click has chosen it.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) choose(item.dataset.value);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open();
        const step = event.key === "ArrowDown" ? 1 : -1;
        mark(Math.max(0, Math.min(list.children.length - 1, active + step)));
      } else if (event.key === "Enter" && !list.hidden && (active >= 0 || list.children.length === 1)) {
        choose(list.children[Math.max(active, 0)].dataset.value);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
    unfold(line);
  };

  const addLine = () => {
    const n = Number(total.value);
    const html = blank.innerHTML.replaceAll("__prefix__", n).replaceAll("__number__", n + 1);
    lines.insertAdjacentHTML("beforeend", html);
    total.value = n + 1;
    searchable(lines.lastElementChild);
    field(lines.lastElementChild, "account_typed").focus();
    show();
  };

  form.addEventListener("input", (event) => {
    const input = event.target;
    if (/-(debit|credit)$/.test(input.name) && /[=＝]/.test(input.value)) fill(input.closest("[data-line]"));
    else show();
  });
  lines.addEventListener("focusin", (event) => {
    lastLine = event.target.closest("[data-line]");
    show();
  });
  // Enter goes on to the next field, as in the accounting programs people know; it never sends half a voucher.
  lines.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    const fields = [...form.querySelectorAll("input, select, button")].filter((one) => one.offsetParent !== null);
    fields[fields.indexOf(event.target) + 1]?.focus();
  });
  form.querySelector("[name=more]").addEventListener("click", (event) => {
    event.preventDefault();
    addLine();
  });
  balance.addEventListener("click", () => fill(target()));
  form.querySelector("[data-without-script]").hidden = true;
  allLines().forEach(searchable);
  show();
})();
