// The experimenter's page: who is where, asked again and again. The key is in the address, behind its #.

const EVERY = 5000; // milliseconds
const of = (id) => document.getElementById(id);
const moment = (text) => (text ? new Date(text).toLocaleString() : "–");

function row(place) {
  const line = document.createElement("tr");
  const cells = [
    `${place.rater}${place.simulated ? " (simulated)" : ""}`,
    place.finished ? "finished" : `${place.done} of ${place.total}`,
    place.seconds === null ? "–" : place.seconds.toFixed(1),
    place.checks ? `${place.failed} of ${place.checks}` : "–",
    place.calibrated ? "measured" : "–",
    moment(place.began),
    moment(place.last),
    place.invite ?? "–",
    place.completion || "–",
  ];
  for (const text of cells) line.insertCell().textContent = text;
  return line;
}

async function refresh() {
  const key = decodeURIComponent(location.hash.slice(1));
  try {
    const response = await fetch("/api/experimenter", { headers: { Authorization: `Bearer ${key}` } });
    const answer = await response.json();
    if (!response.ok) {
      of("sum").textContent = `${answer.error}: open the address that \`artifix study serve\` printed.`;
      return;
    }
    const people = answer.raters.filter((place) => !place.simulated).length;
    of("sum").textContent = `${people} began, ${answer.finished} finished.`;
    of("raters").replaceChildren(...answer.raters.map(row));
  } catch {
    of("sum").textContent = "The server cannot be reached; trying again.";
  }
  setTimeout(refresh, EVERY);
}

addEventListener("hashchange", refresh);
refresh();
