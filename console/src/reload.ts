// Takes the page anew, but only from a service that answers: a page that is there, and says that the
// service is not, is better than the browser's own error, which no wall would ever leave.
const RETRY_MS = 2_000
const PAUSE_MS = 60_000 // a file that is missing for good must not make the page reload for ever
const KEY = 'shouwang.reloaded'

let waiting = false

async function answers(): Promise<boolean> {
  return fetch('/healthz', { cache: 'no-store' }).then(answer => answer.ok, () => false)
}

export async function reloadOnce(): Promise<void> {
  if (waiting) return
  waiting = true
  const sinceMs = Date.now() - Number(sessionStorage.getItem(KEY) ?? 0)
  const restMs = sinceMs >= 0 ? Math.max(0, PAUSE_MS - sinceMs) : 0
  await new Promise(resolve => setTimeout(resolve, restMs))
  while (!await answers()) await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  sessionStorage.setItem(KEY, String(Date.now()))
  location.reload()
}
