import { Redirect, Route, Switch } from 'wouter'
import { GarageList } from '@/features/garages/garage-list'
import { garageIdIn, garagePath, garageScreens, garagesPath, type GarageScreen } from '@/features/shared/paths'
import { Frame } from './frame'
import { GarageScreens } from './garage-screens'

function screenNamed(name: string | undefined): GarageScreen | undefined {
  return garageScreens.find((screen) => screen === name)
}

/** What each address shows; addresses that mean nothing lead to the garages. */
export function Routes({ onSignedOut }: { readonly onSignedOut: () => void }) {
  return (
    <Switch>
      <Route path={garagesPath}>
        <Frame onSignedOut={onSignedOut}>
          <GarageList />
        </Frame>
      </Route>
      <Route path={`${garagesPath}/:garageId/:screen?`}>
        {({ garageId: parameter, screen: name }) => {
          const garageId = garageIdIn(parameter)
          const screen = screenNamed(name)
          return screen === undefined ? (
            <Redirect to={garagePath(garageId, 'ev-requests')} replace />
          ) : (
            <GarageScreens key={garageId} garageId={garageId} screen={screen} onSignedOut={onSignedOut} />
          )
        }}
      </Route>
      <Route>
        <Redirect to={garagesPath} replace />
      </Route>
    </Switch>
  )
}
