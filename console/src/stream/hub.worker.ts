// The hub in a worker: shared, with a port a tab, or of one tab where browsers have no shared ones.
import { Hub } from './hub'
import type { Message } from './messages'

type Ear = Pick<MessagePort, 'postMessage' | 'onmessage'>

const hub = new Hub()

function serve(ear: Ear): void {
  const sink = (message: Message): void => ear.postMessage(message)
  ear.onmessage = (said: MessageEvent<'join' | 'leave'>) => {
    if (said.data === 'join') hub.join(sink)
    else hub.leave(sink)
  }
}

if ('onconnect' in self) {
  (self as { onconnect: ((event: MessageEvent) => void) | null }).onconnect = event => serve(event.ports[0]!)
} else serve(self as unknown as Ear)
