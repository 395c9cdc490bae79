import { Socket } from "/phoenix.mjs";
import { byId, copyOf } from "./page.js";
import { listenToTree, showTree } from "./tree.js";

const FIRST_NAMES = ["Quiet", "Mossy", "Amber", "Silver", "Wandering", "Early", "Gentle", "Tall", "Dappled", "Winter"];
const TREE_NAMES = ["Alder", "Rowan", "Birch", "Linden", "Hazel", "Maple", "Juniper", "Elm", "Aspen", "Willow"];
const SAY_TIMEOUT = 4000;

const backoff = (tries) => Math.min(2000, 150 * 2 ** (tries - 1));

const messages = byId("messages");
const composer = byId("composer");

let user = startingUser();
let roomName = roomFromAddress();
let room = null;
let crashed = false;
let seen = new Set();
let lastFocused = null;

const socket = new Socket("/socket", {
  params: () => ({ user }),
  timeout: 5000,
  reconnectAfterMs: backoff,
  rejoinAfterMs: backoff,
});

// ---- Who and where ----

function startingUser() {
  return new URLSearchParams(location.search).get("user") || localStorage.getItem("user") || newName();
}

function newName() {
  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  const name = `${pick(FIRST_NAMES)} ${pick(TREE_NAMES)}`;
  localStorage.setItem("user", name);
  return name;
}

function roomFromAddress() {
  // URLSearchParams also decodes the hash, and unlike decodeURIComponent it never throws.
  const hash = new URLSearchParams(`room=${location.hash.slice(1)}`).get("room");
  return hash || new URLSearchParams(location.search).get("room") || "lobby";
}

function rename(name) {
  if (!name || name === user) return showPlace();
  user = name;
  localStorage.setItem("user", name);
  enterRoom();
}

function goTo(name) {
  if (name) location.hash = encodeURIComponent(name);
  else showPlace();
}

function followAddress() {
  const name = roomFromAddress();
  if (name === roomName) return;
  roomName = name;
  forgetConversation();
  enterRoom();
}

// ---- Channels ----

/**
 * Keeps a topic joined until `leave` is called. phoenix.js rejoins by itself after a refused join and after a lost
 * connection; a channel that the server closed is over, so it is replaced by a new one.
 */
function keepJoined(topic, params, { events, onState = () => {}, onJoined, onRefused = () => {} }) {
  let channel = null;
  let left = false;
  let timer = null;
  let closes = 0;

  function open() {
    channel = socket.channel(topic, params);
    for (const [event, handler] of Object.entries(events)) channel.on(event, handler);
    channel.onError(() => onState("joining"));
    channel.onClose(closed);
    onState("joining");
    channel.join().receive("ok", joined).receive("error", onRefused);
  }

  function joined(reply) {
    closes = 0;
    onState("joined");
    onJoined(reply);
  }

  function closed() {
    if (left) return;
    closes += 1;
    onState("closed");
    timer = setTimeout(open, backoff(closes));
  }

  function leave() {
    left = true;
    clearTimeout(timer);
    if (channel.state !== "closed") channel.leave();
  }

  open();
  return { leave, push: (event, payload, timeout) => channel.push(event, payload, timeout) };
}

// ---- The room ----

function enterRoom() {
  room?.leave();
  crashed = false;
  showPlace();
  note("");
  const events = { said: addLine, people: ({ people }) => showPeople(people), roomDown };
  const handlers = { events, onState: showChannelState, onJoined: roomJoined, onRefused: roomRefused };
  room = keepJoined(`room:${roomName}`, { user }, handlers);
}

function roomJoined({ history, people }) {
  note("");
  if (crashed) addSystemLine("The room is back. Its memory starts empty: that is what a restart means.", "back");
  crashed = false;
  history.forEach(addLine);
  showPeople(people);
}

/** After a crash the conversation already tells that the room is on its way. */
function roomRefused({ reason }) {
  if (!crashed) note(`The room is not open: ${reason}`);
}

function roomDown({ reason }) {
  crashed = true;
  showPeople([]);
  addSystemLine(`The room crashed: ${reason}. Its supervisor is bringing it back…`, "crashed");
}

function say(text) {
  composer.value = "";
  note("");
  room
    .push("say", { text }, SAY_TIMEOUT)
    .receive("error", ({ reason }) => giveBack(text, reason))
    .receive("timeout", () => giveBack(text, "The room did not answer. Your message is back in the box."));
}

function giveBack(text, reason) {
  note(reason);
  if (!composer.value) composer.value = text;
}

// ---- The conversation ----

/** A line comes in the history, as an event, or as both: it is shown once. */
function addLine(line) {
  const key = JSON.stringify([line.at, line.from, line.text]);
  if (seen.has(key)) return;
  seen.add(key);
  addRow(messageRow(line));
}

function messageRow({ from, text, at }) {
  const row = copyOf("message-template");
  const previous = messages.lastElementChild;
  row.dataset.from = from;
  row.classList.toggle("own", from === user);
  row.classList.toggle("follows", previous?.dataset.from === from);
  growRings(row.querySelector(".rings"), from);
  row.querySelector(".from").textContent = from;
  row.querySelector(".text").textContent = text;
  showTime(row.querySelector("time"), new Date(at));
  return row;
}

function showTime(element, date) {
  element.dateTime = date.toISOString();
  element.title = date.toLocaleString();
  element.textContent = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function addSystemLine(text, kind) {
  const row = document.createElement("li");
  row.className = `system ${kind}`;
  row.dataset.testid = "system";
  row.textContent = text;
  addRow(row);
}

function addRow(row) {
  const follow = atBottom();
  messages.append(row);
  if (follow) scrollToLatest();
  byId("latest").hidden = atBottom();
}

function atBottom() {
  return messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40;
}

function scrollToLatest() {
  messages.scrollTop = messages.scrollHeight;
}

function forgetConversation() {
  seen = new Set();
  messages.replaceChildren();
  showPeople([]);
}

function showPeople(people) {
  byId("people").replaceChildren(...people.map(personItem));
}

function personItem(name) {
  const item = copyOf("person-template");
  growRings(item.querySelector(".rings"), name);
  item.querySelector("span").textContent = name === user ? `${name} (you)` : name;
  return item;
}

/** Everyone has their own slice of wood: its colour and the width of its rings come from the name. */
function growRings(element, name) {
  const hash = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7);
  element.style.setProperty("--hue", (hash * 47) % 360);
  element.style.setProperty("--gap", `${2.5 + (hash % 4) * 0.6}px`);
}

// ---- The state of things ----

function showStatus(state) {
  byId("status").dataset.state = state;
  byId("status").textContent = state;
}

function showPlace() {
  byId("user").value = user;
  byId("room").value = roomName;
  document.title = `#${roomName} · Hornbeam chat`;
  for (const link of byId("paths").children) {
    link.toggleAttribute("aria-current", link.textContent === roomName);
  }
}

function showChannelState(state) {
  const joined = state === "joined";
  document.body.dataset.channel = state;
  composer.placeholder = joined ? `Say something in #${roomName}` : "Waiting for the room…";
  enable(joined);
}

/** A disabled control loses the focus, so the one that had it gets it back. */
function enable(enabled) {
  const controls = [composer, byId("send"), byId("crash")];
  if (!enabled) lastFocused = controls.find((control) => control === document.activeElement) ?? lastFocused;
  for (const control of controls) control.disabled = !enabled;
  if (enabled && document.activeElement === document.body) lastFocused?.focus();
}

function note(text) {
  byId("note").textContent = text;
}

// ---- Start ----

function listen() {
  byId("user").addEventListener("change", ({ target }) => rename(target.value.trim()));
  byId("room").addEventListener("change", ({ target }) => goTo(target.value.trim()));
  composer.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (composer.value.trim()) say(composer.value.trim());
  });
  byId("crash").addEventListener("click", () => room.push("crash", {}));
  byId("latest").addEventListener("click", scrollToLatest);
  listenToTree();
  messages.addEventListener("scroll", () => {
    byId("latest").hidden = atBottom();
  });
  addEventListener("hashchange", followAddress);
}

function connect() {
  socket.onOpen(() => showStatus("connected"));
  socket.onClose(() => showStatus("reconnecting"));
  socket.onError(() => showStatus("reconnecting"));
  socket.connect();
}

listen();
connect();
enterRoom();
keepJoined("tree:live", {}, { events: { tree: showTree }, onJoined: showTree });
