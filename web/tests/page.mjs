// Looks at the page as people see it: real Chromium, the real program, the bundled data.
//
//   node web/tests/page.mjs --retail PROGRAM [--chromium PROGRAM] [--pictures FOLDER]
//
// Exit 0 when everything holds, 1 with the first thing that does not, 77 when there is no Chromium.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Browser } from "./browser.mjs";

const OPENING = "Which region had the highest growth in Q3 2024?";
const { values: options } = parseArgs({ options: { retail: { type: "string" }, chromium: { type: "string" }, pictures: { type: "string" } } });
const chromium = [options.chromium, "chromium", "chromium-browser", "google-chrome"].filter(Boolean)
  .find((program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0);
if (!chromium) {
  console.log("skipped: there is no Chromium");
  process.exit(77);
}
if (options.pictures) mkdirSync(options.pictures, { recursive: true });

/** Starts the program; resolves to its address when it says it. */
function serve(port) {
  const child = spawn(options.retail, ["demo", "--port", String(port), "--no-open"], { stdio: ["ignore", "pipe", "ignore"] });
  const address = new Promise((done, failed) => {
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      out += text;
      const found = /http:\/\/[\d.:]+/.exec(out);
      if (found) done(found[0]);
    });
    child.on("exit", (code) => failed(new Error(`the program ended with ${code}: ${out}`)));
  });
  return { child, address };
}

async function stop({ child }) {
  if (child.exitCode != null) return child.exitCode;
  const ended = new Promise((done) => child.on("exit", (code) => done(code)));
  child.kill("SIGTERM");
  return ended;
}

const settled = "!document.body.classList.contains('asking') && !!document.querySelector('.turn:last-child .card:not(.busy)')";

async function ask(page, question) {
  const before = await page.value("document.querySelectorAll('.turn').length");
  await page.value("document.getElementById('question').focus()");
  await page.type(question);
  await page.key("Enter", { code: "Enter", keyCode: 13, text: "\r" });
  await page.until(`document.querySelectorAll('.turn').length > ${before} && ${settled}`, question);
}

const last = (selector) => `document.querySelector('.turn:last-child ${selector}')`;

async function picture(page, name) {
  if (!options.pictures) return;
  await new Promise((done) => setTimeout(done, 450));
  await page.picture(join(options.pictures, `${name}.png`));
}

/** Contrast of every text with its ground (WCAG 2.2, 1.4.3), as the browser computes the colours. */
function faint() {
  const parse = (css) => {
    const canvas = parse.canvas ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.a > 0.9) return colour;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("svg, script, noscript, .visually-hidden, .skip, [hidden]") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(parse(style.color)), luminance(ground(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} “${node.textContent.trim().slice(0, 30)}” (${element.className || element.tagName})`);
  }
  return found;
}

/** Things that assistive technology would stumble over. */
function unnamed() {
  const named = (e) => (e.getAttribute("aria-label") || e.labels?.length || e.innerText || e.title || "").toString().trim();
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return [
    ...[...document.querySelectorAll("button, a[href], textarea, input, select")].filter((e) => e.getClientRects().length && !named(e)).map((e) => `no name: ${e.outerHTML.slice(0, 80)}`),
    ...[...document.querySelectorAll("img")].filter((e) => !e.hasAttribute("alt")).map((e) => `no alt: ${e.src}`),
    ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `id twice: ${id}`),
    ...[...document.querySelectorAll("[aria-describedby]")].filter((e) => !document.getElementById(e.getAttribute("aria-describedby"))).map((e) => `describes nothing: ${e.outerHTML.slice(0, 80)}`),
  ];
}

/** Colours under way are not those that people read: waits for what moves to arrive. */
const arrived = "document.getAnimations().every((a) => a.playState === 'finished' || a.effect?.getComputedTiming().iterations === Infinity)";

async function sound(page, where) {
  await page.until(arrived, `${where}: an end of the movements`);
  assert.deepEqual(await page.value(faint), [], `${where}: contrast`);
  assert.deepEqual(await page.value(unnamed), [], `${where}: names`);
  const { content, frame } = await page.value("({ content: document.documentElement.scrollWidth, frame: innerWidth })");
  assert.ok(content <= frame, `${where}: the page is ${content} wide in ${frame}`);
}

async function opening(page) {
  await page.until("document.querySelector('.foot') && document.querySelector('.plot[data-drawn] svg')", "the opening answer");
  assert.equal(await page.value(last(".asked") + ".textContent"), OPENING);
  assert.match(await page.value(last(".headline") + ".textContent"), /^West .*\+48\.\d%/);
  assert.match(await page.value(last(".reading") + ".textContent"), /Q3 2024/);
  assert.match(await page.value(last(".verified") + ".textContent"), /Verified (\d+) of \1 statements proven/);
  assert.deepEqual(await page.value("[...document.querySelectorAll('.turn:last-child tbody th')].map((e) => e.textContent)"), ["West", "South", "North", "East"], "the ranking of all regions");
  assert.equal(await page.value("document.querySelector('.turn:last-child tr.answer th').textContent"), "West");
  const bars = await page.value("[...document.querySelectorAll('.plot .mark-rect path')].length");
  assert.equal(bars, 4, "a bar for each region");
}

async function evidence(page) {
  await page.hover(".turn:last-child .claim.value");
  await page.until("!document.getElementById('proof').hidden", "the proof");
  const claim = await page.value("document.querySelector('.claim.shown').textContent");
  const lit = await page.value("[...document.querySelectorAll('td.lit')].map((e) => e.textContent)");
  assert.deepEqual(lit, [claim], "the cell that proves the number is lit, and it alone");
  assert.match(await page.value("document.getElementById('proof').innerText"), /Read from a cell[\s\S]*West/);
  await picture(page, "evidence");
  await page.key("Escape", { keyCode: 27 });
  assert.equal(await page.value("document.querySelectorAll('.lit').length"), 0);
  // The same by keyboard.
  await page.value("document.querySelector('.turn:last-child .claim').focus()");
  await page.until("!document.getElementById('proof').hidden");
  assert.equal(await page.value("document.activeElement.getAttribute('aria-describedby')"), "proof");
  await page.value("document.activeElement.blur()");
}

async function story(page) {
  await opening(page);
  await evidence(page);
  await sound(page, "the opening answer");
  await picture(page, "opening");

  // The number in each marked stretch is the rounded cell.
  const claims = await page.value("document.querySelectorAll('.turn:last-child .claim').length");
  assert.ok(claims >= 8, `${claims} statements are marked`);

  // Sorting by a head: numbers, both ways, and back.
  const column = () => page.value("[...document.querySelectorAll('.turn:last-child tbody tr')].map((r) => r.children[0].textContent)");
  await page.click(".turn:last-child thead th:nth-child(2) button");
  assert.deepEqual(await column(), ["North", "West", "South", "East"]);
  await page.click(".turn:last-child thead th:nth-child(2) button");
  assert.deepEqual(await column(), ["East", "South", "West", "North"]);

  // SQL on request, and the checks.
  await page.click(".turn:last-child .foot-line .quiet");
  assert.match(await page.value(last(".panel pre") + ".textContent"), /SUM\("order_lines"\."net_amount"\)/);
  await page.click(".turn:last-child .verified");
  assert.ok((await page.value("document.querySelectorAll('.turn:last-child .checks .passed').length")) >= 3);
  await sound(page, "the checks");

  // A follow-up in the same thread changes the last question.
  await ask(page, "and in Q4 2024?");
  assert.match(await page.value(last(".reading") + ".textContent"), /Q4 2024/);
  assert.match(await page.value(last(".headline") + ".textContent"), /Q4 2024/);

  // A trend is a line.
  await ask(page, "revenue by month in 2024");
  await page.until(last(".plot[data-drawn] .mark-line"), "the line");
  assert.equal(await page.value("document.querySelectorAll('.turn:last-child .mark-symbol path').length"), 12, "a point for each month");
  assert.match(await page.value("document.querySelector('.turn:last-child .plot').textContent"), /Jan/, "January is called January west of Greenwich too");
  await sound(page, "a trend");
  await picture(page, "trend");

  // A question back: buttons, and the number keys.
  await ask(page, "who is best?");
  const choices = await page.value("document.querySelectorAll('.turn:last-child .option').length");
  assert.ok(choices >= 2);
  await sound(page, "a question back");
  await picture(page, "clarify");
  await page.value("document.activeElement.blur()");
  const turns = await page.value("document.querySelectorAll('.turn').length");
  await page.key("1", { code: "Digit1", keyCode: 49, text: "1" });
  await page.until(`document.querySelectorAll('.turn').length === ${turns + 1} && ${settled}`, "the choice");
  assert.ok(await page.value("!!" + last(".verified")), "the choice is answered");

  // A word that is not understood is named and underlined; the way out is one click.
  await ask(page, "revenue by flobber");
  assert.equal(await page.value(last(".unknown") + ".textContent"), "flobber");
  assert.equal(await page.value("document.querySelectorAll('.turn:last-child .headline, .turn:last-child table').length"), 0, "no number with a refusal");
  await sound(page, "a refusal");
  await picture(page, "decline");
  await page.click(".turn:last-child .chip");
  await page.until(`${settled} && !!${last(".verified")}`, "the answerable question");

  // What could follow.
  const before = await page.value("document.querySelectorAll('.turn').length");
  await page.click(".turn:last-child .next .chip");
  await page.until(`document.querySelectorAll('.turn').length > ${before} && ${settled}`, "a suggestion");

  // Ways to go on: the list opens while typing, Tab takes the first, Escape closes it.
  const box = "document.getElementById('question')";
  await page.value(`${box}.focus()`);
  await page.type("revenue by reg");
  await page.until("!document.getElementById('ways').hidden", "the ways to go on");
  assert.equal(await page.value(`${box}.getAttribute('aria-expanded')`), "true");
  assert.match(await page.value("document.querySelector('#ways li').textContent"), /^revenue by region/);
  await sound(page, "the ways to go on");
  await picture(page, "completion");
  await page.key("Tab", { code: "Tab", keyCode: 9 });
  assert.equal(await page.value(`${box}.value`), "revenue by region ");
  await page.until("!document.getElementById('ways').hidden", "the next ways");
  await page.key("Escape", { keyCode: 27 });
  assert.equal(await page.value("document.getElementById('ways').hidden"), true);
  await page.key("Enter", { code: "Enter", keyCode: 13, text: "\r" });
  await page.until(settled, "the completed question");
  assert.match(await page.value(last(".headline") + ".textContent"), /North/);

  // Data is never markup.
  await ask(page, "<img src=x onerror=alert(1)> revenue");
  assert.equal(await page.value("document.querySelectorAll('.turn img').length"), 0);

  // The empty state and its examples.
  await page.click("#again");
  assert.equal(await page.value("document.querySelectorAll('.turn').length"), 0);
  await sound(page, "the empty state");
  await picture(page, "empty");
  await page.click(".example");
  await page.until(`${settled} && !!${last(".verified")}`, "an example");
}

const browser = Browser.start(chromium);
let program = serve(0);
try {
  const address = await program.address;
  const page = await browser.page();

  await page.size(1280, 900);
  await page.media({ "prefers-color-scheme": "light", "prefers-reduced-motion": "reduce" });
  await page.open(address);
  await story(page);
  assert.deepEqual(page.complaints, [], "the browser has nothing to complain about, so the policy holds");

  // Dark, chosen by hand and kept.
  await page.open(address);
  await opening(page);
  await page.click("#theme");
  assert.equal(await page.value("document.documentElement.dataset.theme"), "dark");
  await page.open(address);
  await opening(page);
  assert.equal(await page.value("getComputedStyle(document.documentElement).colorScheme"), "dark");
  await sound(page, "dark");
  await picture(page, "dark");
  await page.click("#theme");

  // A phone, in both themes.
  for (const scheme of ["light", "dark"]) {
    await page.value("localStorage.clear()");
    await page.size(390, 844, { phone: true, scale: 2 });
    await page.media({ "prefers-color-scheme": scheme });
    await page.open(address);
    await opening(page);
    await sound(page, `a phone, ${scheme}`);
    await picture(page, `phone-${scheme}`);
    await ask(page, "who is best?");
    await sound(page, `a question back on a phone, ${scheme}`);
  }
  assert.deepEqual(page.complaints, []);

  // The program goes away and comes back.
  await page.size(1280, 900);
  assert.equal(await stop(program), 0, "SIGTERM ends the program with 0");
  await ask(page, "revenue by region");
  assert.match(await page.value(last(".verdict-line") + ".textContent"), /cannot be reached/);
  assert.equal(await page.value("document.getElementById('offline').hidden"), false);
  await sound(page, "without a server");
  await picture(page, "offline");
  program = serve(new URL(address).port);
  assert.equal(await program.address, address);
  await page.until("document.getElementById('offline').hidden", "the page notices the server");
  await page.click(".turn:last-child .chip");
  await page.until(`${settled} && !!${last(".verified")}`, "the question asked again");
  console.log("the page holds");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stop(program);
  await browser.stop();
}
