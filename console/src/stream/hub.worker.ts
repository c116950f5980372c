// The hub in a SharedWorker: a port a tab.
import { Hub } from './hub'
import type { Message } from './messages'

const hub = new Hub()
const scope = self as unknown as { onconnect: (event: MessageEvent) => void }

scope.onconnect = event => {
  const port = event.ports[0]!
  const sink = (message: Message): void => port.postMessage(message)
  port.onmessage = (said: MessageEvent<'join' | 'leave'>) => {
    if (said.data === 'join') hub.join(sink)
    else hub.leave(sink)
  }
}
