// What the hub tells a tab. The hub is one for all tabs: a browser allows six connections to a server.
import type { Alarm } from '../logic/alarm'

export interface Transition extends Alarm {
  at_ms: number
  event: string
  operator?: string | null
  text?: string | null
}

export interface Gateway {
  at_ms: number
  connected?: boolean
  fault?: string | null
  queue?: number
  queue_limit?: number
  faults?: { code: string, text: string }[]
  storage?: { slowest_ms?: number }
  clock_jump?: ClockJump | null
}

/** The service's clock was set, or its host slept; the gateway saw it at `at_ms`. */
export interface ClockJump {
  at_ms: number
  by_ms: number
  why: 'set' | 'slept'
}

/** What the desk has to bear this moment, as the service counts it. */
export interface DeskLoad {
  seats: number
  last_10_min: number
  flood: boolean
}

/** Of the disk that alarms are written to. */
export interface Disk {
  level: 'good' | 'low' | 'very_low' | 'full'
  free_bytes: number
  total_bytes: number
}

export interface Pulse {
  at_ms: number
  last_seq: number
  gateway: Gateway | null
  age_ms: number | null
  load?: DeskLoad
  canary?: { missed: number, round_trip_ms: number | null, heard_at_ms: number | null } | null
  disk?: Disk
}

export interface Moved {
  device_id: string
  lat: number
  lon: number
  acc_m: number | null
  src: string | null
  measured_at_ms: number
  received_at_ms: number
  bat: number | null
}

export type Message =
  /** Once a second, also in a tab whose own timers the browser has slowed down. */
  | { type: 'tick' }
  /** The connection broke; the hub tries again until it hears the server. */
  | { type: 'lost' }
  /** Every transition after this sequence follows; what is read from the API now holds the rest. */
  | { type: 'joined', after: number }
  | { type: 'transition', alarm: Transition }
  | { type: 'pulse', pulse: Pulse }
  | { type: 'positions', items: Moved[] }
  /** The server is another one than before: forget all and read anew. */
  | { type: 'reset' }
  | { type: 'signed_out' }

export type Sink = (message: Message) => void
