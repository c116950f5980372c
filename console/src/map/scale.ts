// How far a finger's width is: the same bar on every drawn map.
import { type Map as MapLibre, ScaleControl } from 'maplibre-gl'

export const addScale = (map: MapLibre): MapLibre => map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 120 }), 'bottom-right')
