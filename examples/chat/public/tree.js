// The live supervision tree: who runs, under whom, and how often each was brought back.

import { byId, copyOf } from "./page.js";

const MOST_CHILDREN = 12;
const MOST_RINGS = 14;

export function showTree({ tree }) {
  drawChildren(byId("tree"), [tree]);
  const nodes = allNodes(tree);
  byId("processes").textContent = nodes.length;
  showRestarts(nodes.reduce((sum, node) => sum + node.restarts, 0));
}

function allNodes(node) {
  return [node, ...node.children.flatMap(allNodes)];
}

function showRestarts(total) {
  byId("restarts").textContent = total;
  byId("restarts-word").textContent = total === 1 ? "restart" : "restarts";
  byId("slice").style.setProperty("--rings", Math.min(total, MOST_RINGS));
}

/** Items are kept from one tree to the next, so that scrolling, folding and running animations survive. */
function drawChildren(list, nodes) {
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  arrange(
    list,
    keyed(nodes).map(([key, node]) => drawNode(known.get(key) ?? newItem(key, node), node)),
  );
}

/** A restart changes the pid, never the id: a pid only tells apart siblings that share an id. */
function keyed(nodes) {
  const ids = nodes.map((node) => node.id);
  const unique = (id) => ids.indexOf(id) === ids.lastIndexOf(id);
  return nodes.map((node) => [unique(node.id) ? node.id : `${node.id} ${node.pid}`, node]);
}

/** Moves only what has to move: moving an element would restart its animation. */
function arrange(list, items) {
  const kept = new Set(items);
  for (const child of [...list.children]) if (!kept.has(child)) child.remove();
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

function newItem(key, { pid, restarts }) {
  const item = copyOf("node-template");
  // A process can be missing from one tree between its death and its restart.
  const returned = restarts > 0 && byId("tree").hasChildNodes();
  Object.assign(item.dataset, { key, pid, restarts });
  item.querySelector(".row").classList.add(returned ? "reborn" : "sprout");
  item.querySelector(".more").addEventListener("click", () => {
    item.classList.toggle("unfolded");
    fold(item);
  });
  return item;
}

function drawNode(item, node) {
  if (node.pid !== item.dataset.pid || node.restarts > Number(item.dataset.restarts)) renewRow(item);
  Object.assign(item.dataset, { id: node.id, pid: node.pid, restarts: node.restarts });
  item.classList.toggle("supervisor", node.type === "supervisor");
  item.classList.toggle("worker", node.type === "worker");
  item.querySelector(".id").textContent = node.id;
  item.querySelector(".label").textContent = node.label ?? "";
  item.querySelector(".pid").textContent = node.pid;
  item.querySelector(".grown").textContent = node.restarts > 0 ? `↻ ${node.restarts}` : "";
  drawChildren(item.querySelector("ul"), node.children);
  fold(item);
  return item;
}

/** A restarted process is a new one, and so is its row: the animation plays because the element is new. */
function renewRow(item) {
  const row = copyOf("node-template").querySelector(".row");
  row.classList.add("reborn");
  item.querySelector(".row").replaceWith(row);
}

function fold(item) {
  const children = [...item.querySelector("ul").children];
  const more = item.querySelector(":scope > .more");
  const unfolded = item.classList.contains("unfolded");
  children.forEach((child, index) => {
    child.hidden = index >= MOST_CHILDREN && !unfolded;
  });
  more.hidden = children.length <= MOST_CHILDREN;
  more.ariaExpanded = unfolded;
  more.textContent = unfolded ? "show fewer" : `+${children.length - MOST_CHILDREN} more`;
}

/** An animation that has played is over: the next one starts afresh. */
export function listenToTree() {
  byId("tree").addEventListener("animationend", ({ target }) => target.classList.remove("sprout", "reborn"));
}
