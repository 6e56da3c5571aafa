// The API: one question, answered as a stream of events.

/** The server cannot be reached. */
export class Unreachable extends Error {}

/** The server refuses the request, with its own words. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || "the request was refused");
    this.hint = problem.hint;
  }
}

/**
 * Asks; calls `onEvent(name, data)` for each event. Ends after `done`.
 * Throws Unreachable, Refused, or the abort of `signal`.
 */
export async function ask(question, conversation, signal, onEvent) {
  let reply;
  try {
    reply = await fetch("/api/v1/ask", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ question, conversation }),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Unreachable("the server cannot be reached");
  }
  if (!reply.ok) {
    const problem = await reply.json().catch(() => ({ detail: `the server answered ${reply.status}` }));
    throw new Refused(problem);
  }
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let complete = false;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      buffer += value;
      let end;
      while ((end = buffer.indexOf("\n\n")) >= 0) {
        const { name, data } = message(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        complete ||= name === "done";
        onEvent(name, data);
      }
    }
  } catch (error) {
    if (signal.aborted || complete) throw error;
    throw new Unreachable("the connection was lost");
  }
  if (!complete) throw new Unreachable("the answer broke off");
}

function message(text) {
  let name = "message";
  const data = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
  }
  return { name, data: data.length ? JSON.parse(data.join("\n")) : null };
}

/** Ways to go on from a text, best first: `{ text, added }` each. */
export async function completions(text, conversation, signal) {
  const reply = await fetch("/api/v1/complete", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, conversation }),
    signal,
  });
  if (!reply.ok) throw new Refused({ detail: `the server answered ${reply.status}` });
  return (await reply.json()).completions;
}

/** What is open: name, tables, span, examples, opening. */
export async function source() {
  let reply;
  try {
    reply = await fetch("/api/v1/source");
  } catch {
    throw new Unreachable("the server cannot be reached");
  }
  if (!reply.ok) throw new Refused({ detail: `the server answered ${reply.status}` });
  return reply.json();
}

/** Whether the server lives. */
export async function alive() {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
