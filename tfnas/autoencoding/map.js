// The map: dots that can be pointed at or reached by keys, and the cell of the current one beside them.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const plot = document.getElementById("plot"), drawing = document.getElementById("cell");
  const native = document.getElementById("native"), value = document.getElementById("value");
  const REACH = 400;  // how near to a dot one must point; the map is 10,000 wide
  let name = Object.keys(data.places)[0], current = data.cells.length - 1, pinned = false;

  const make = (parent, kind, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [key, entry] of Object.entries(attributes)) made.setAttribute(key, entry);
    if (text !== undefined) made.textContent = text;
    return parent.appendChild(made);
  };

  // Dots
  const radius = data.cells.length > 400 ? 55 : 95;
  const dots = data.cells.map(([, , shade]) => {
    const dot = make(plot, "circle", { r: radius });
    if (shade >= 0) dot.setAttribute("fill", data.shades[shade]); else dot.classList.add("unknown");
    return dot;
  });
  const ring = make(plot, "circle", { r: 2 * radius, class: "ring" });
  const places = () => data.places[name];
  const place = () => {
    [...dots, ring].forEach((dot, k) => {
      const [x, y] = places()[dot === ring ? current : k];
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
    });
  };

  // The cell: a column of nodes; edges that pass nodes are arcs on the right, further out the more they pass.
  const box = (x, y, text, op) => {
    const width = 7.4 * text.length + 14, fill = op >= 0 ? data.colours[op] : null;
    make(drawing, "rect", { x: x - width / 2, y: y - 11, width, height: 22, rx: 5, ...(fill ? { fill } : { class: "neutral" }) });
    make(drawing, "text", { x, y, ...(fill ? { fill: data.inks[op] } : {}) }, text);
    return width / 2;
  };
  const numbers = text => [...text].map(letter => letter.codePointAt(0) - 65);
  const draw = () => {
    const [nodes, flat] = data.cells[current].slice(3).map(numbers);
    const labelled = nodes.every(op => op < 0), pitch = labelled ? 78 : nodes.length > 12 ? 34 : 46;
    const half = k => nodes[k] < 0 ? 12 : (7.4 * data.names[nodes[k]].length + 14) / 2;
    const widest = Math.max(...nodes.map((_, k) => half(k)));
    const rise = labelled ? 74 : Math.min(22, 200 / Math.max(1, nodes.length - 2));
    const edges = [], size = labelled ? 3 : 2;
    for (let k = 0; k < flat.length; k += size) edges.push(flat.slice(k, k + size));
    let right = widest;
    drawing.replaceChildren();
    const labels = edges.map(([source, target, op = -1]) => {
      const span = target - source, y = (source + target) / 2 * pitch, apex = widest + 10 + rise * (span - 1);
      const [top, bottom] = [source * pitch, target * pitch], [first, last] = [half(source), half(target)];
      const control = (8 * apex - first - last) / 6;
      const line = span === 1
        ? `M0 ${top + 11}V${bottom - 15}` : `M${first} ${top}C${control} ${top} ${control} ${bottom} ${last + 4} ${bottom}`;
      const colour = op >= 0 && data.colours[op] ? { style: `stroke: ${data.colours[op]}` } : {};
      make(drawing, "path", { d: line, "marker-end": "url(#head)", ...colour });
      if (span > 1) right = Math.max(right, apex);
      return [span === 1 ? 0 : apex, y, op];
    });
    nodes.forEach((op, k) => {
      if (op >= 0) { box(0, k * pitch, data.names[op], op); return; }
      make(drawing, "circle", { cx: 0, cy: k * pitch, r: 12, class: "neutral" });
      make(drawing, "text", { x: 0, y: k * pitch }, k);
    });
    let left = widest;
    labels.filter(([, , op]) => op >= 0).forEach(([x, y, op]) => {
      const reach = box(x, y, data.names[op], op);
      left = Math.max(left, reach - x);
      right = Math.max(right, reach + x);
    });
    const height = (nodes.length - 1) * pitch + 44;
    drawing.setAttribute("viewBox", `${-left - 8} -22 ${left + right + 16} ${height}`);
    drawing.style.maxWidth = `${left + right + 16}px`;
  };

  const breakable = text => text.split(/(?<=[|,])/).flatMap(part => [part, document.createElement("wbr")]);
  const select = row => {
    if (row < 0 || row >= data.cells.length) return;
    current = row;
    const [x, y] = places()[row];
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    draw();
    native.replaceChildren(...breakable(data.cells[row][0] || "no member of the space"));
    value.textContent = data.cells[row][1] ? `${data.label}: ${data.cells[row][1]}` : `${data.label} not known`;
  };

  // Pointing
  const nearest = (x, y, allowed) => {
    let found = -1, least = Infinity;
    places().forEach(([px, py], k) => {
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least && allowed(px - x, py - y, k)) { found = k; least = distance; }
    });
    return [found, Math.sqrt(least)];
  };
  const pointed = event => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
    const [row, distance] = nearest(at.x, at.y, () => true);
    return distance < REACH ? row : -1;
  };
  const pin = state => { pinned = state; ring.classList.toggle("pinned", state); };
  plot.addEventListener("pointermove", event => { if (!pinned) select(pointed(event)); });
  plot.addEventListener("click", event => {
    const row = pointed(event);
    pin(row >= 0 && !(pinned && row === current));
    select(row);
  });

  // Keys
  const ways = {
    ArrowRight: (dx, dy) => dx > 0 && Math.abs(dy) <= dx, ArrowLeft: (dx, dy) => dx < 0 && Math.abs(dy) <= -dx,
    ArrowDown: (dx, dy) => dy > 0 && Math.abs(dx) <= dy, ArrowUp: (dx, dy) => dy < 0 && Math.abs(dx) <= -dy,
  };
  const steps = { PageUp: () => current + 1, PageDown: () => current - 1, Home: () => data.cells.length - 1, End: () => 0 };
  plot.addEventListener("keydown", event => {
    if (event.key in ways) select(nearest(...places()[current], ways[event.key])[0]);
    else if (event.key in steps) select(steps[event.key]());
    else if (event.key === "Escape") pin(false);
    else return;
    event.preventDefault();
  });
  document.getElementsByName("projection").forEach(button =>
    button.addEventListener("change", () => { name = button.value; place(); }));
  place();
  select(current);
})();
