// Where the documents come from: Airflow's server, or scripts beside the page (browsers refuse to fetch from a disk).

const kept = new Map();

export function source() {
  return window.personapulseFolder ? folder(window.personapulseFolder) : server();
}

function server() {
  return {
    kind: "server",
    days: () => ask("api/days"),
    document: (day) => once(day, () => ask(`api/days/${day}`)),
  };
}

async function ask(path) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", headers: { Accept: "application/json" } });
  } catch {
    throw new Problem("The server does not answer.", "Is Airflow still running? Start it again with personapulse up, then reload.");
  }
  if (answer.status === 401 || answer.status === 403) {
    throw new Problem("You are not logged in.", "Log in to Airflow, then reload this page.", "/auth/login");
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Problem(told.detail || `The server answered with ${answer.status}.`, told.remedy || "Reload; if it stays, look into the API server's log.");
  }
  return answer.json();
}

function folder(index) {
  return {
    kind: "folder",
    days: async () => index,
    document: (day) => once(day, () => loadScript(index, day)),
  };
}

function loadScript(index, day) {
  return new Promise((resolve, reject) => {
    const missing = () => reject(new Problem(`The file data/${day}.js is missing.`, "Write the folder again with personapulse report --out."));
    index.take = (name, packed) => unpack(packed).then((text) => resolve(JSON.parse(text)), missing);
    if (index.ready && index.ready[day]) {
      index.take(day, index.ready[day]);
      return;
    }
    const script = document.createElement("script");
    script.src = `data/${day}.js`;
    script.onerror = missing;
    document.head.append(script);
  });
}

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

function once(day, load) {
  if (!kept.has(day)) {
    kept.set(day, load().catch((error) => {
      kept.delete(day);
      throw error;
    }));
  }
  return kept.get(day);
}

export class Problem extends Error {
  constructor(what, remedy, link = "") {
    super(what);
    this.remedy = remedy;
    this.link = link;
  }
}
