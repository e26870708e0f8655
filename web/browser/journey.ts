/**
 * The main job, in a real browser against a running server and its simulated chargers: a rate is set, a car checks in,
 * charges, is unplugged, costs what it drew, and drives away. Ends with 1 and a screenshot when anything is amiss.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { openBrowser } from './browser'
import { createPanel } from './panel'
import {
  cardIn,
  checkIn,
  checkOut,
  choosePort,
  chooseVehicle,
  fillInRate,
  kwhOn,
  openScreen,
  portTile,
  renamePort,
  saveRate,
  signIn,
  startCharging,
  type Car,
} from './screens'
import { settings } from './settings'

const pictures = resolve(dirname(fileURLToPath(import.meta.url)), '../test-results')
const tablet = { width: 1280, height: 800 }
const patience = 30_000

const panel = createPanel(settings.panelUrl)
const run = Date.now().toString(36).slice(-4).toUpperCase()
const first: Car = { plate: `TST ${run}A`, state: 'NY', make: 'Tesla Model 3', color: 'White' }
const second: Car = { plate: `TST ${run}B`, state: 'NJ', make: 'Kia EV6', color: 'Gray' }

function expectThat(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise)
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

let stepNumber = 0
async function step<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  const number = ++stepNumber
  try {
    const result = await act()
    console.log(`ok ${number} - ${what}`)
    return result
  } catch (error) {
    console.error(`not ok ${number} - ${what}`)
    throw error
  }
}

/** The page's text at the right of the plug: "12.345 kWh" grows while the car charges. */
async function waitForMoreEnergy(page: Page, plate: string): Promise<void> {
  const card = cardIn(page, 'Charging', plate)
  const before = await kwhOn(card)
  const until = Date.now() + patience
  while ((await kwhOn(card)) <= before) {
    expectThat(Date.now() < until, `The energy of ${plate} stood still at ${before} kWh for ${patience / 1000} s.`)
    await page.waitForTimeout(250)
  }
}

/** Names of two ports that a car can be plugged into now, by the identities of their charge points. */
async function freePorts(page: Page): Promise<{ identity: string; name: string }[]> {
  const found: { identity: string; name: string }[] = []
  for (const identity of await panel.free()) {
    const tile = page.getByRole('region', { name: /^Ports/ }).locator(`[data-charge-point="${identity}"]`)
    const isOpen = (await tile.getByText('Open', { exact: true }).count()) > 0
    const name = await tile.getAttribute('data-port', { timeout: 2_000 }).catch(() => null)
    if (isOpen && name !== null) found.push({ identity, name })
  }
  expectThat(found.length >= 2, `Two open ports are needed; ${found.length} can be used now.`)
  return found
}

/** Plugged in, drawing, unplugged: ends with the card in the third column. */
async function charge(page: Page, car: Car, identity: string, port: string): Promise<void> {
  await step(`${car.plate} is plugged in at ${port} and charges`, async () => {
    await panel.plugIn(identity)
    await cardIn(page, 'Charging', car.plate).getByText(port, { exact: true }).waitFor()
  })
  await step('its kWh rise on the card', () => waitForMoreEnergy(page, car.plate))
  await picture(page, `charging-${car.make.split(' ')[0]?.toLowerCase()}`)
  await step('unplugging moves it to Charged with its final kWh and amount', async () => {
    await panel.unplug(identity)
    const card = cardIn(page, 'Charged, on the lot', car.plate)
    await card.waitFor()
    expectThat((await kwhOn(card)) > 0, 'The final energy is nothing.')
    const kwh = await kwhOn(card)
    const amount = await card.locator('strong', { hasText: /\d/ }).innerText()
    const cents = Math.round(Number(amount.replace(/[^\d.]/g, '')) * 100)
    expectThat(Math.abs(cents - kwh * 25) <= 0.5001, `${kwh} kWh at 25 cents are not ${amount}.`)
  })
  await step(`${port} is open again`, () => portTile(page, port).getByText('Open', { exact: true }).waitFor())
}

async function journey(page: Page, operatorPage: Page): Promise<void> {
  await step('a flat fee that could mean two amounts is refused', async () => {
    await signIn(operatorPage, settings.url, settings.operator)
    await fillInRate(operatorPage, 'Flat fee', 'Flat fee in US dollars', '1,00')
    await operatorPage.getByRole('button', { name: 'Save Changes' }).click()
    await operatorPage.getByText('Enter an amount in US dollars').waitFor()
    await picture(operatorPage, 'rate-refused')
  })
  await step('the operator sets a flat fee of 5.00, and sees five dollars before it is saved', async () => {
    await fillInRate(operatorPage, 'Flat fee', 'Flat fee in US dollars', '5.00')
    await operatorPage.getByText('Flat fee: $5.00').waitFor()
    await picture(operatorPage, 'rate-flat-fee')
    await saveRate(operatorPage, '$5.00 flat fee')
  })
  await step('the operator sets a rate of 25 cents per kWh', async () => {
    await fillInRate(operatorPage, 'Cents per kWh', 'Cents per kWh', '25')
    await saveRate(operatorPage, '25 c per kWh')
    await picture(operatorPage, 'rates')
  })
  await step('the attendant signs in and sees the board live', async () => {
    await signIn(page, settings.url, settings.attendant)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('Current rate').waitFor()
    await picture(page, 'board')
  })
  const [portA, portB] = await freePorts(page)
  expectThat(portA !== undefined && portB !== undefined, 'Two open ports are needed.')
  await step('two cars check in with EV Charge', async () => {
    await checkIn(page, first)
    await picture(page, 'checked-in')
    await checkIn(page, second)
    await openScreen(page, 'EV Requests')
  })
  await step('an attendant may not rename ports', async () => {
    expectThat((await page.getByRole('button', { name: /^Rename/ }).count()) === 0, 'The attendant is offered a rename.')
  })
  await step('port, then vehicle, then start', async () => {
    await choosePort(page, portA.name)
    await page.getByText('Now tap a vehicle.').waitFor()
    await chooseVehicle(page, first.plate)
    await picture(page, 'start')
    await startCharging(page, first.plate, portA.name)
    await picture(page, 'plug-in')
  })
  await charge(page, first, portA.identity, portA.name)
  await step('Escape takes a choice back', async () => {
    await chooseVehicle(page, second.plate)
    await page.keyboard.press('Escape')
    await page.getByText('is chosen.').waitFor({ state: 'detached' })
  })
  await step('vehicle, then port, then start', async () => {
    await chooseVehicle(page, second.plate)
    await page.getByText('Now tap an open port.').waitFor()
    await choosePort(page, portB.name)
    await startCharging(page, second.plate, portB.name)
  })
  await charge(page, second, portB.identity, portB.name)
  await step('the first car checks out with its line item', async () => {
    const items = await checkOut(page, first.plate)
    expectThat(items.includes('kWh') && items.includes('$'), `No charge is on the ticket: ${items}`)
    await picture(page, 'stays')
    await openScreen(page, 'EV Requests')
    await cardIn(page, 'Charged, on the lot', first.plate).waitFor({ state: 'detached' })
  })
  await step('the operator renames a port, and the attendant sees it', async () => {
    const name = `Bay ${run}`
    await openScreen(operatorPage, 'EV Requests')
    await renamePort(operatorPage, portA.name, name)
    await portTile(page, name).waitFor()
    await picture(operatorPage, 'operator-board')
    await renamePort(operatorPage, name, portA.name)
  })
  await step('a reload shows the same screen again', async () => {
    await openScreen(page, 'Stays')
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Stays' }).waitFor()
  })
  await step('the second car checks out, and the attendant signs out', async () => {
    await checkOut(page, second.plate)
    await page.getByRole('button', { name: /: menu$/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })
}

mkdirSync(pictures, { recursive: true })
const browser = await openBrowser()
const pages = await Promise.all(
  ['attendant', 'operator'].map(async (who) => {
    const context = await browser.newContext({ viewport: tablet })
    context.setDefaultTimeout(patience)
    const page = await context.newPage()
    const complain = (what: string) => console.error(`# ${who}: ${what}`)
    page.on('pageerror', (error) => complain(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complain(message.text())
    })
    return page
  }),
)
const [attendantPage, operatorPage] = pages
try {
  expectThat(attendantPage !== undefined && operatorPage !== undefined, 'The browser opened no pages.')
  await journey(attendantPage, operatorPage)
  console.log(`${stepNumber} passed, 0 failed`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  await Promise.allSettled(pages.map((page, index) => picture(page, `failed-${index === 0 ? 'attendant' : 'operator'}`)))
  console.error(`${stepNumber - 1} passed, 1 failed. Pictures are in ${pictures}.`)
  process.exitCode = 1
} finally {
  await browser.close()
}
