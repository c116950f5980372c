// A tab's way to the hub. A hub that says nothing for some seconds is gone, perhaps with the tab whose
// process it lived in: join anew, and whoever is left makes a new one.
import HubWorker from './hub.worker?sharedworker'
import OwnHubWorker from './hub.worker?worker'
import type { Message, Sink } from './messages'

const DEAF_MS = 5_000 // it ticks every second
const LOOK_MS = 1_000
const SHARED_TRIES = 3

interface Line {
  onmessage: ((event: MessageEvent<Message>) => void) | null
  postMessage: (said: 'join' | 'leave') => void
  close: () => void
}

let line: Line | null = null
let timer: ReturnType<typeof setInterval> | undefined
let heardMs = 0

export function joinStream(sink: Sink): void {
  leaveStream()
  let tries = 0
  const join = (): void => {
    line?.close()
    // A shared one that never answers is of no use; one of our own is better than none.
    const mine = (line = typeof SharedWorker !== 'undefined' && tries++ < SHARED_TRIES ? shared() : own())
    heardMs = performance.now()
    mine.onmessage = ({ data }: MessageEvent<Message>) => {
      if (line !== mine) return
      heardMs = performance.now()
      tries = 0
      sink(data)
    }
    mine.postMessage('join')
  }
  join()
  timer = setInterval(() => performance.now() - heardMs > DEAF_MS && join(), LOOK_MS)
}

export function leaveStream(): void {
  clearInterval(timer)
  line?.postMessage('leave')
  line?.close()
  line = null
}

const shared = (): Line => new HubWorker({ name: 'shouwang' }).port as unknown as Line

function own(): Line {
  const worker = new OwnHubWorker({ name: 'shouwang' })
  return Object.assign(worker, { close: () => worker.terminate() }) as unknown as Line
}

addEventListener('pagehide', leaveStream)
// A page taken back from the browser's memory has missed what happened.
addEventListener('pageshow', event => {
  if (event.persisted) location.reload()
})
