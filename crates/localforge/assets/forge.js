// Keeps the page's live parts as they are on the server. Without it the page still works.
const PERIOD = 1500;

async function refresh() {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    const busy = part.contains(document.activeElement) || part.querySelector("details[open]");
    if (next && !busy && next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
  }
}

setInterval(() => refresh().catch(() => {}), PERIOD);
