// What the map page shows is in its address: a link shows a colleague the same.
import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { View } from '../components/MapCanvas.vue'
import { type Group, GROUPS } from '../map/style'

export type Chosen = 'device' | 'site' | 'fence'
export type Order = 'county' | 'distance'

const NOBODY = { device: undefined, site: undefined, fence: undefined }

function viewIn(text: string): View | null {
  const [lon, lat, zoom] = text.split(',').map(Number)
  return text && [lon, lat, zoom].every(Number.isFinite) && Math.abs(lat!) <= 85 && Math.abs(lon!) <= 180
    ? { lon: lon!, lat: lat!, zoom: Math.min(22, Math.max(0, zoom!)) } : null
}

export function useMapAddress() {
  const route = useRoute()
  const router = useRouter()
  const text = (name: string): string => (typeof route.query[name] === 'string' ? route.query[name] : '')
  const put = (more: Record<string, string | undefined>): void => {
    if (route.name === 'map') void router.replace({ query: { ...route.query, ...more } })
  }
  return {
    chosen: computed(() => text('device')),
    site: computed(() => text('site')),
    fence: computed(() => text('fence')),
    choose: (what: Chosen | null, id = '') => put({ ...NOBODY, ...(what ? { [what]: id } : {}) }),
    asList: computed({ get: () => text('list') === '1', set: on => put({ list: on ? '1' : undefined }) }),
    county: computed({ get: () => text('county'), set: name => put({ county: name || undefined }) }),
    order: computed<Order>({
      get: () => (text('sort') === 'distance' ? 'distance' : 'county'),
      set: order => put({ sort: order === 'county' ? undefined : order }),
    }),
    hidden: computed<Group[]>({
      get: () => text('hide').split(',').filter((name): name is Group => name in GROUPS),
      set: groups => put({ hide: groups.join(',') || undefined }),
    }),
    view: computed(() => viewIn(text('view'))),
    look: ({ lon, lat, zoom }: View) => put({ view: `${lon.toFixed(5)},${lat.toFixed(5)},${zoom.toFixed(2)}` }),
  }
}
