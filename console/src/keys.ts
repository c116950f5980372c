// Keys of a page: single letters, and never while somebody writes or a dialog asks.
import { onBeforeUnmount, onMounted } from 'vue'

const REPEATING = new Set(['j', 'k', 'ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight'])

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
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
  [...document.querySelectorAll('.el-overlay')].some(overlay => overlay instanceof HTMLElement && overlay.style.display !== 'none')

export function useKeys(keys: Record<string, () => unknown>): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented || dialogIsOpen()) return
    if (isWriting(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur()
      return
    }
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!act || isItsOwn(event.target, event.key) || (event.repeat && !REPEATING.has(event.key))) return
    event.preventDefault()
    act()
  }
  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}
