// Holds the one stream of events and hands everything to all tabs. Runs in a SharedWorker, or in the
// page itself where there is none.
import type { Message, Moved, Pulse, Sink, Transition } from './messages'

const SILENT_MS = 8_000 // the server speaks every second; a dead connection says nothing at all
const RETRY_MS = 2_000
const ASK_MS = 10_000

export class Hub {
  private readonly sinks = new Set<Sink>()
  private source: EventSource | null = null
  private lastSeq: number | null = null
  private heardMs = 0
  private triedMs = 0
  private busy = false

  constructor() {
    setInterval(() => {
      this.tell({ type: 'tick' })
      void this.watch()
    }, 1000)
  }

  join(sink: Sink): void {
    this.sinks.add(sink)
    if (this.source && this.lastSeq !== null) sink({ type: 'joined', after: this.lastSeq })
    else void this.begin()
  }

  leave(sink: Sink): void {
    this.sinks.delete(sink)
    if (this.sinks.size === 0) this.stop()
  }

  private tell(message: Message): void {
    for (const sink of this.sinks) sink(message)
  }

  private stop(): void {
    this.source?.close()
    this.source = null
    this.lastSeq = null
  }

  /** Where the journal is now; everything after it comes by the stream. */
  private async begin(): Promise<void> {
    if (this.busy || this.source) return
    this.busy = true
    this.triedMs = Date.now()
    try {
      const answer = await fetch('/api/v1/summary', { signal: AbortSignal.timeout(ASK_MS) })
      if (answer.status === 401) this.signedOut()
      else if (answer.ok) {
        this.lastSeq = ((await answer.json()) as { last_seq: number }).last_seq
        this.open()
        this.tell({ type: 'joined', after: this.lastSeq })
      }
    } catch {
      this.tell({ type: 'lost' }) // the watch tries again
    } finally {
      this.busy = false
    }
  }

  private open(): void {
    this.source?.close()
    this.triedMs = this.heardMs = Date.now()
    const source = (this.source = new EventSource(`/api/v1/stream?after=${this.lastSeq}`))
    source.addEventListener('transition', event => {
      this.heardMs = Date.now()
      this.lastSeq = Number(event.lastEventId)
      this.tell({ type: 'transition', alarm: JSON.parse(event.data as string) as Transition })
    })
    source.addEventListener('positions', event => {
      this.heardMs = Date.now()
      this.tell({ type: 'positions', items: (JSON.parse(event.data as string) as { items: Moved[] }).items })
    })
    source.addEventListener('error', () => this.tell({ type: 'lost' }))
    source.addEventListener('pulse', event => this.onPulse(JSON.parse(event.data as string) as Pulse))
  }

  private onPulse(pulse: Pulse): void {
    this.heardMs = Date.now()
    if (pulse.last_seq < (this.lastSeq ?? 0)) {
      this.stop()
      this.tell({ type: 'reset' })
      void this.begin()
      return
    }
    this.tell({ type: 'pulse', pulse })
  }

  /** EventSource comes back by itself from a lost connection, but not from a refusal or from silence. */
  private async watch(): Promise<void> {
    const now = Date.now()
    if (this.sinks.size === 0 || this.busy || now - this.triedMs < RETRY_MS) return
    if (!this.source) {
      await this.begin()
      return
    }
    if (this.source.readyState !== EventSource.CLOSED && now - this.heardMs < SILENT_MS) return
    this.busy = true
    this.triedMs = now
    try {
      const answer = await fetch('/api/v1/session', { signal: AbortSignal.timeout(ASK_MS) })
      if (answer.status === 401) this.signedOut()
      else if (answer.ok && this.sinks.size > 0) this.open()
    } catch {
      // still away; the next turn tries again
    } finally {
      this.busy = false
    }
  }

  private signedOut(): void {
    this.tell({ type: 'signed_out' })
    this.sinks.clear()
    this.stop()
  }
}
