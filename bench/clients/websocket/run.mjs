// Every kind of frame, from the client library `ws` through a gateway to a server of the same library, and back.
//
// In: `serve` listens on a free port and prints it; `run URL` asks. Each case opens a connection of its own, as those of
// the Autobahn test suite do, whose sections the groups are named after. Out: a line for each group, and an exit status.

import { createHash, randomBytes } from "node:crypto";
import WebSocket, { WebSocketServer } from "ws";

const LARGEST = 64 << 20;
const PATIENCE = 60_000;

function serve() {
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    maxPayload: LARGEST,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (offered) => (offered.has("echo.v2") ? "echo.v2" : false),
  });
  server.on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    socket.on("error", () => {});
  });
  server.on("listening", () => console.log(server.address().port));
}

const digest = (data) => createHash("sha256").update(data).digest("hex");
const letters = (length) => Buffer.alloc(length, "Hello-µ@ßöäüàá-UTF-8!!").toString("latin1");

// Opens, does it, closes; gives how the connection was closed.
function connect(url, options, work) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options.protocols ?? [], {
      perMessageDeflate: options.deflate ? { threshold: 0 } : false,
      maxPayload: LARGEST,
    });
    const timer = setTimeout(() => { socket.terminate(); reject(new Error("too late")); }, PATIENCE);
    let failure;
    socket.on("open", async () => {
      try { await work(socket); } catch (error) { failure = error; }
      if (socket.readyState === WebSocket.OPEN) socket.close(options.code ?? 1000, options.reason ?? "");
    });
    socket.on("error", (error) => { failure ??= error; });
    socket.on("close", (code, reason) => {
      clearTimeout(timer);
      failure ? reject(failure) : resolve({ code, reason: reason.toString() });
    });
  });
}

function next(socket, event) {
  return new Promise((resolve, reject) => {
    const closed = (code) => reject(new Error(`closed with ${code} instead of a ${event}`));
    socket.once("close", closed);
    socket.once(event, (...values) => { socket.off("close", closed); resolve(values); });
  });
}

async function echoes(socket, data, binary) {
  const heard = next(socket, "message");
  socket.send(data, { binary });
  const [got, isBinary] = await heard;
  if (isBinary !== binary) throw new Error("it came back as another kind of frame");
  if (digest(got) !== digest(data)) throw new Error("it came back as something else");
}

// Sends one message in so many frames.
async function fragments(socket, data, count, binary, between) {
  const heard = next(socket, "message");
  const size = Math.ceil(data.length / count) || 1;
  for (let at = 0; at < count; at++) {
    const part = data.subarray(at * size, (at + 1) * size);
    socket.send(part, { binary, fin: at === count - 1 });
    if (between) await between(at);
  }
  const [got] = await heard;
  if (digest(got) !== digest(data)) throw new Error("it came back as something else");
}

const SIZES = [0, 1, 125, 126, 127, 128, 65535, 65536, 65537];
const LARGE = [64, 256, 1024, 4096, 16384].map((kib) => kib << 10);
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const TEXTS = ["Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\u0000", "\ud7ff\ue000\uffff", "\u{10000}\u{10ffff}", "𝄞".repeat(1000)];

function cases() {
  const all = [];
  const add = (group, name, options, work, check) => all.push({ group, name, options, work, check });
  for (const binary of [false, true]) {
    const kind = binary ? "binary" : "text";
    for (const size of SIZES) {
      const data = binary ? randomBytes(size) : Buffer.from("*".repeat(size));
      add("1 framing", `${kind} of ${size}`, {}, (socket) => echoes(socket, data, binary));
    }
    for (const size of LARGE) {
      const data = binary ? randomBytes(size) : Buffer.from(letters(size), "utf8");
      add("9 large messages", `${kind} of ${size}`, {}, (socket) => echoes(socket, data, binary));
      for (const count of [2, 64, 1024]) {
        add("9 large messages", `${kind} of ${size} in ${count} frames`, {}, (socket) => fragments(socket, data, count, binary));
      }
    }
    for (const size of [0, 16, 64, 256, 1024, 8192, 131072]) {
      add("9 many messages", `1000 times ${kind} of ${size}`, {}, async (socket) => {
        const data = binary ? randomBytes(size) : Buffer.from("*".repeat(size));
        const times = size > 8192 ? 100 : 1000;
        for (let time = 0; time < times; time++) await echoes(socket, data, binary);
      });
    }
    for (const count of [2, 3, 10, 100]) {
      const data = binary ? randomBytes(1000) : Buffer.from("*".repeat(1000));
      add("5 fragmentation", `${kind} in ${count} frames`, {}, (socket) => fragments(socket, data, count, binary));
      add("5 fragmentation", `${kind} in ${count} frames, pings between`, {}, (socket) =>
        fragments(socket, data, count, binary, async (at) => {
          const heard = next(socket, "pong");
          socket.ping(`${at}`);
          const [data] = await heard;
          if (data.toString() !== `${at}`) throw new Error("another pong");
        }));
    }
    for (const size of [16, 64, 256, 1024, 4096, 32768, 131072]) {
      add("12 compression", `${kind} of ${size}, 100 times`, { deflate: true }, async (socket) => {
        if (!socket.extensions.includes("permessage-deflate")) throw new Error("it isn't compressed");
        for (let time = 0; time < 100; time++) {
          const data = binary ? randomBytes(size) : Buffer.from(JSON.stringify({ time }).repeat(size).slice(0, size));
          await echoes(socket, data, binary);
        }
      });
    }
  }
  for (const size of [0, 1, 125]) {
    const data = randomBytes(size);
    add("2 pings", `of ${size}`, {}, async (socket) => {
      for (let time = 0; time < 10; time++) {
        const heard = next(socket, "pong");
        socket.ping(data);
        if (digest((await heard)[0]) !== digest(data)) throw new Error("another pong");
      }
    });
  }
  add("2 pings", "a pong that nobody asked for", {}, async (socket) => {
    socket.pong("unasked");
    await echoes(socket, Buffer.from("after"), false);
  });
  for (const text of TEXTS) {
    add("6 UTF-8", JSON.stringify(text.slice(0, 8)), {}, (socket) => echoes(socket, Buffer.from(text), false));
    add("6 UTF-8", `${JSON.stringify(text.slice(0, 8))} byte by byte`, {}, (socket) => {
      const data = Buffer.from(text).subarray(0, 400);
      const whole = Buffer.from(data.toString("utf8").replaceAll("\ufffd", ""));
      return fragments(socket, whole, Math.max(whole.length, 1), false);
    });
  }
  for (const code of CODES) {
    for (const reason of ["", "because", "x".repeat(123)]) {
      add("7 closing", `${code} ${reason.length}`, { code, reason }, async () => {}, (closed) => {
        if (closed.code !== code) throw new Error(`closed with ${closed.code}`);
      });
    }
  }
  add("subprotocols", "one of two", { protocols: ["other", "echo.v2"] }, async (socket) => {
    if (socket.protocol !== "echo.v2") throw new Error(`it speaks ${socket.protocol}`);
    await echoes(socket, Buffer.from("a"), false);
  });
  return all;
}

async function run(url) {
  const groups = new Map();
  let failed = 0;
  for (const { group, name, options, work, check } of cases()) {
    const counts = groups.get(group) ?? { passed: 0, failed: 0 };
    groups.set(group, counts);
    try {
      const closed = await connect(url, options, work);
      check?.(closed);
      counts.passed++;
    } catch (error) {
      counts.failed++;
      failed++;
      console.log(`${group}: ${name}: ${error.message}`);
    }
  }
  // Many at once, each with frames of its own.
  const many = Array.from({ length: 100 }, (_, number) =>
    connect(url, {}, async (socket) => {
      for (let time = 0; time < 50; time++) await echoes(socket, Buffer.from(`${number}/${time}`), false);
    }));
  const settled = await Promise.allSettled(many);
  const lost = settled.filter(({ status }) => status === "rejected").length;
  groups.set("100 connections at once", { passed: settled.length - lost, failed: lost });
  failed += lost;
  for (const [group, { passed, failed }] of groups) console.log(`${group}: ${passed} echoed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

const [command, url] = process.argv.slice(2);
if (command === "serve") serve();
else if (command === "run") await run(url);
else { console.error("serve, or run URL"); process.exitCode = 2; }
