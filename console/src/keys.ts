// Keys of a page: single letters, and never while somebody writes or a dialog asks.
import { onBeforeUnmount, onMounted } from 'vue'
import { type KeyName, keysOf } from './logic/keymap'

const REPEATING = new Set(['j', 'k', 'ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight'])

/** A dialog that fades away has been answered: what is pressed then is meant for the page. */
const LEAVING = '.dialog-fade-leave-active'

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement) || target.closest(LEAVING)) return false
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName)
    || (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type))
}

/** What these keys do to the thing that has the focus comes first. */
function isItsOwn(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.closest('[data-popup]')) return true
  return (key === 'Enter' || key === ' ') && target.closest('button, a[href], summary, [role=button], input:not([type=range])') !== null
}

export const dialogIsOpen = (): boolean =>
  [...document.querySelectorAll('.el-overlay')].some(overlay => overlay instanceof HTMLElement && overlay.style.display !== 'none' && !overlay.matches(LEAVING))

/** What an act answers when the key is for somebody else now. */
export const NOT_MINE = Symbol('not mine')

export function useKeys(keys: Record<string, () => unknown>): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented || dialogIsOpen()) return
    // The Escape that answers a dialog is not also meant for what is behind it.
    if (event.key === 'Escape' && event.target instanceof HTMLElement && event.target.closest('.el-overlay')) return
    if (isWriting(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur()
      return
    }
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!act || isItsOwn(event.target, event.key) || (event.repeat && !REPEATING.has(event.key))) return
    if (act() !== NOT_MINE) event.preventDefault()
  }
  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}

/** The same by the names of the table of keys; each is told which of its keys it was. */
export function useNamedKeys(acts: Partial<Record<KeyName, (key: string) => unknown>>): void {
  useKeys(Object.fromEntries(Object.entries(acts).flatMap(([name, act]) => keysOf(name as KeyName).map(key => [key, () => act(key)]))))
}

/** The next key, whatever it is, before anybody else hears it; the returned function calls it off. */
export function takeNextKey(take: (key: string) => unknown): () => void {
  const off = (): void => {
    removeEventListener('keydown', onKey, true)
    removeEventListener('pointerdown', off, true)
  }
  const onKey = (event: KeyboardEvent): void => {
    if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return
    off()
    event.preventDefault()
    event.stopPropagation()
    take(event.key.length === 1 ? event.key.toLowerCase() : event.key)
  }
  addEventListener('keydown', onKey, true)
  addEventListener('pointerdown', off, true)
  return off
}
