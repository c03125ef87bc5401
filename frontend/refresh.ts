/**
 * Keeps those parts of a server's page that still change as they are now: asks for the page again, and puts what is new into
 * what is marked with `data-changing`, until nothing is. The parts themselves stay, so that a screen reader hears of it.
 */
const EVERY = 1_500; // milliseconds

const changing = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-changing]")];

async function refresh(): Promise<void> {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of changing()) {
    const fresh = now.getElementById(part.id);
    if (!fresh) continue;
    if (fresh.textContent !== part.textContent) part.replaceChildren(...document.importNode(fresh, true).childNodes);
    part.toggleAttribute("data-changing", fresh.hasAttribute("data-changing"));
  }
}

function later(): void {
  if (changing().length) setTimeout(() => void refresh().catch(() => undefined).finally(later), EVERY);
}

later();
