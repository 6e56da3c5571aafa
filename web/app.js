const conversation = crypto.randomUUID();
const add = (parent, tag, text) => { const e = document.createElement(tag); if (text != null) e.textContent = text; parent.append(e); return e; };
document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = document.getElementById("question").value;
  const box = document.createElement("article");
  document.getElementById("answers").prepend(box);
  add(box, "h2", question);
  try {
    const reply = await fetch("/api/v1/ask", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ question, conversation }) });
    if (!reply.ok) throw new Error(await reply.text());
    const answer = await reply.json();
    const narrative = answer.narrative;
    add(box, "p", (narrative && (narrative.text || narrative)) || answer.clarification?.question || answer.error?.message || answer.status);
    if (answer.result) {
      const table = add(box, "table"), head = add(table, "tr");
      for (const c of answer.result.columns) add(head, "th", c.label || c.name);
      for (const r of answer.result.rows) { const row = add(table, "tr"); for (const v of r) add(row, "td", v ?? "–"); }
    }
    const details = add(box, "details"); add(details, "summary", "The whole answer, with its SQL"); add(details, "pre", JSON.stringify(answer, null, 2));
  } catch (error) { add(box, "p", String(error)); }
});
