// A tab's way to the hub.
import { Hub } from './hub'
import HubWorker from './hub.worker?sharedworker'
import type { Message, Sink } from './messages'

let leave: (() => void) | null = null
let ownHub: Hub | null = null

export function joinStream(sink: Sink): void {
  leaveStream()
  leave = typeof SharedWorker === 'undefined' ? joinOwn(sink) : joinShared(sink)
}

export function leaveStream(): void {
  leave?.()
  leave = null
}

function joinShared(sink: Sink): () => void {
  const { port } = new HubWorker({ name: 'shouwang' })
  port.onmessage = (event: MessageEvent<Message>) => sink(event.data)
  port.postMessage('join')
  return () => {
    port.postMessage('leave')
    port.onmessage = null
    port.close()
  }
}

function joinOwn(sink: Sink): () => void {
  const hub = (ownHub ??= new Hub())
  hub.join(sink)
  return () => hub.leave(sink)
}

addEventListener('pagehide', leaveStream)
// A page taken back from the browser's memory has missed what happened.
addEventListener('pageshow', event => {
  if (event.persisted) location.reload()
})
