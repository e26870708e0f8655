/** The hand on the cables: the HTTP API of the simulated chargers' panel. */

type Connector = { readonly connector_id: number; readonly status: string }
type ChargePoint = { readonly identity: string; readonly connected: boolean; readonly connectors: readonly Connector[] }

export type Panel = {
  plugIn: (identity: string) => Promise<void>
  unplug: (identity: string) => Promise<void>
  /** Identities of the chargers that are connected and have nothing plugged in. */
  free: () => Promise<readonly string[]>
}

export function createPanel(url: string): Panel {
  async function call(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${url}/api/charge-points${path}`, {
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`The panel refused ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  return {
    async plugIn(identity) {
      await call(`/${identity}/connectors/1/plug-in`, { state_of_charge: 0.3 })
    },
    async unplug(identity) {
      await call(`/${identity}/connectors/1/unplug`, {})
    },
    async free() {
      const chargePoints = (await call('')) as readonly ChargePoint[]
      return chargePoints
        .filter(({ connected, connectors }) => connected && connectors[0]?.status === 'Available')
        .map(({ identity }) => identity)
    },
  }
}
