// Whether this tab is the one of its browser that sounds, and what the tabs tell each other about it.
import { ref } from 'vue'
import { type Claim, outranks, type Sounding, whoSounds } from '../logic/election'
import type { Mute } from '../logic/mute'

type Said = { type: 'alive', claim: Claim } | { type: 'bye' } | { type: 'mute', mute: Mute } | { type: 'who' }

const channel = new BroadcastChannel('shouwang.sound')
const id = crypto.getRandomValues(new Uint32Array(2)).join('-')
let mine: Claim | null = null
let heardMs: number | null = null
let held = false

export const sounding = ref<Sounding>('nowhere')
/** Another tab muted: it holds for all, whichever sounds. */
export const onMute = { hear: (_: Mute): void => undefined }

channel.onmessage = ({ data }: MessageEvent<Said>) => {
  if (data.type === 'mute') onMute.hear(data.mute)
  else if (data.type === 'bye') heardMs = null
  else if (data.type === 'who') sayAlive()
  else {
    if (mine && outranks(mine, data.claim)) return
    mine = null
    heardMs = performance.now()
  }
  look()
}

function look(): void {
  sounding.value = whoSounds(mine, heardMs, performance.now())
}

/** This tab sounds from now on. */
export function claim(): void {
  mine = { id, sinceMs: Date.now() }
  // A page that holds a lock is not frozen while it is in the background. Only safe origins have them.
  if (!held) void navigator.locks?.request('shouwang.awake', { mode: 'shared' }, () => new Promise(() => undefined))
  held = true
  sayAlive()
  look()
}

function sayAlive(): void {
  if (mine) channel.postMessage({ type: 'alive', claim: mine } satisfies Said)
}

export function giveUp(): void {
  if (mine) channel.postMessage({ type: 'bye' } satisfies Said)
  mine = null
  look()
}

export const tellMute = (mute: Mute): void => channel.postMessage({ type: 'mute', mute: { ...mute } } satisfies Said)

/** Once a second: who sounds, and can be heard, says so; who does not looks whether another still does. */
export function beatElection(audible: boolean): void {
  if (audible) sayAlive()
  look()
}

addEventListener('pagehide', giveUp)
channel.postMessage({ type: 'who' } satisfies Said) // who sounds answers at once
