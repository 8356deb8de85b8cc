for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = table.tHead.rows[0].cells;
  Array.from(heads).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const key = (row) => (row.cells[column].dataset.key ?? row.cells[column].textContent).trim().replace(/^–$/, "");
    button.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        const numbers = x - y;
        return sign * (Number.isNaN(numbers) ? x.localeCompare(y, undefined, { numeric: true }) : numbers);
      };
      body.append(...Array.from(body.rows).sort(compare));
    });
  });
}

const show = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) for (const fold of target.querySelectorAll(":scope > details")) fold.open = true;
};
addEventListener("hashchange", show);
show();
const shut = new Set();
addEventListener("beforeprint", () => { for (const fold of document.querySelectorAll("details:not([open])")) { shut.add(fold); fold.open = true; } });
addEventListener("afterprint", () => { for (const fold of shut) fold.open = false; shut.clear(); });

for (const box of document.querySelectorAll(".scroll")) {
  const cue = () => box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
  box.addEventListener("scroll", cue);
  new ResizeObserver(cue).observe(box);
}
