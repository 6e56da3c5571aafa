// Drives a headless Chromium over the DevTools protocol, through a pipe: nothing to install but the
// browser itself.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE_MS = 20_000;

export class Browser {
  static start(program) {
    const folder = mkdtempSync(join(tmpdir(), "retail-page-"));
    const child = spawn(program, [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
      "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-GB", `--user-data-dir=${folder}`, "--remote-debugging-pipe", "about:blank",
    ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], env: { ...process.env, LANG: "en_GB.UTF-8", TZ: "America/New_York" } });
    return new Browser(child, folder);
  }

  constructor(child, folder) {
    this.child = child;
    this.folder = folder;
    this.waiting = new Map();
    this.listeners = new Map();
    this.count = 0;
    let buffer = "";
    child.stdio[4].setEncoding("utf8").on("data", (text) => {
      buffer += text;
      let end;
      while ((end = buffer.indexOf("\0")) >= 0) {
        this.#take(JSON.parse(buffer.slice(0, end)));
        buffer = buffer.slice(end + 1);
      }
    });
    child.on("exit", () => {
      for (const { failed } of this.waiting.values()) failed(new Error("the browser ended"));
      this.waiting.clear();
    });
  }

  #take(message) {
    if (message.id) {
      const { done, failed } = this.waiting.get(message.id) ?? {};
      this.waiting.delete(message.id);
      if (message.error) failed?.(new Error(`${message.error.message} ${message.error.data ?? ""}`));
      else done?.(message.result);
    } else {
      this.listeners.get(message.sessionId)?.(message.method, message.params);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = (this.count += 1);
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async page() {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId);
    await page.start();
    return page;
  }

  async stop() {
    await this.send("Browser.close").catch(() => {});
    await new Promise((done) => {
      if (this.child.exitCode != null) done();
      else {
        this.child.on("exit", done);
        setTimeout(() => { this.child.kill("SIGKILL"); done(); }, 3000).unref();
      }
    });
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Page {
  /** What the browser complained about: exceptions, refused loads, policy violations. */
  complaints = [];

  constructor(browser, session) {
    this.browser = browser;
    this.session = session;
  }

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  async start() {
    this.browser.listeners.set(this.session, (method, params) => {
      if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
      if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`);
      if (method === "Runtime.consoleAPICalled" && params.type === "error") this.complaints.push(params.args.map((a) => a.description ?? a.value).join(" "));
    });
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
  }

  async open(address) {
    await this.send("Page.navigate", { url: address });
  }

  async size(width, height, { phone = false, scale = 1 } = {}) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile: phone });
  }

  async media(features) {
    await this.send("Emulation.setEmulatedMedia", { features: Object.entries(features).map(([name, value]) => ({ name, value })) });
  }

  /** The value of an expression, or of a function without arguments, in the page. */
  async value(code) {
    const expression = typeof code === "function" ? `(${code})()` : code;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until the expression is true. */
  async until(code, what) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const value = await this.value(code);
      if (value) return value;
      if (Date.now() > end) throw new Error(`waited in vain for ${what ?? code}; the page says: ${(await this.value("document.body.innerText")).slice(-1500)}`);
      await new Promise((done) => setTimeout(done, 30));
    }
  }

  async #middle(selector) {
    const at = await this.value(`(() => {
      const e = document.querySelector(${JSON.stringify(selector)});
      if (!e) return null;
      e.scrollIntoView({ block: "center", behavior: "instant" });
      const r = e.getClientRects()[0];
      return { x: r.left + r.width / 2, y: r.top + r.height / 2 };
    })()`);
    if (!at) throw new Error(`there is no ${selector}`);
    return at;
  }

  async hover(selector) {
    const { x, y } = await this.#middle(selector);
    await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
  }

  async click(selector) {
    const { x, y } = await this.#middle(selector);
    for (const type of ["mouseMoved", "mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
  }

  async type(text) {
    await this.send("Input.insertText", { text });
  }

  async key(key, { code = key, keyCode = 0, text = undefined } = {}) {
    for (const type of ["keyDown", "keyUp"]) {
      await this.send("Input.dispatchKeyEvent", { type, key, code, windowsVirtualKeyCode: keyCode, text: type === "keyDown" ? text : undefined });
    }
  }

  async picture(file) {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    writeFileSync(file, Buffer.from(data, "base64"));
  }
}
