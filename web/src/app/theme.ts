import {
  Button,
  Input,
  Modal,
  NativeSelect,
  SegmentedControl,
  createTheme,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from '@mantine/core'

/** Ten shades around the one that the dark screens use, which is the fifth. */
const azure: MantineColorsTuple = [
  '#eaf6ff',
  '#d0eaff',
  '#a6d8ff',
  '#82c8ff',
  '#5cb8ff',
  '#3da6f2',
  '#2b8fd6',
  '#1f76b5',
  '#155c90',
  '#0b3d63',
]
const mint: MantineColorsTuple = [
  '#e6fdf2',
  '#c8f8e0',
  '#97f0c5',
  '#68e7ae',
  '#3ddc97',
  '#29c383',
  '#1ea56d',
  '#158657',
  '#0d6641',
  '#064329',
]
const coral: MantineColorsTuple = [
  '#ffecec',
  '#ffd5d5',
  '#ffb3b3',
  '#ff9696',
  '#ff7a7a',
  '#f05c5c',
  '#d64545',
  '#b53434',
  '#902626',
  '#631717',
]
/** From text to the darkest ground. */
const dark: MantineColorsTuple = [
  '#f2f6f8',
  '#d5dfe6',
  '#a9bac6',
  '#7d909d',
  '#3a4b58',
  '#2a3842',
  '#1b252d',
  '#131b21',
  '#0e151a',
  '#0b1014',
]

const touchTarget = '3.375rem'

export const theme: MantineThemeOverride = createTheme({
  primaryColor: 'azure',
  primaryShade: 4,
  colors: { azure, mint, coral, dark },
  autoContrast: true,
  luminanceThreshold: 0.35,
  white: '#f2f6f8',
  black: '#071017',
  fontFamily: "'Inter Variable', system-ui, 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  defaultRadius: 'md',
  radius: { xs: '0.375rem', sm: '0.5rem', md: '0.75rem', lg: '1rem', xl: '1.5rem' },
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: 'md' },
      styles: { root: { minHeight: touchTarget, fontWeight: 700 } },
    }),
    Input: Input.extend({ vars: () => ({ wrapper: { '--input-height': touchTarget, '--input-fz': '1.125rem' } }) }),
    InputWrapper: Input.Wrapper.extend({
      defaultProps: { size: 'md' },
      styles: { label: { marginBottom: '0.25rem' }, description: { marginBottom: '0.25rem' }, error: { fontSize: '1rem', fontWeight: 600 } },
    }),
    SegmentedControl: SegmentedControl.extend({ styles: { label: { minHeight: '3rem', alignContent: 'center' } } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: 'md' } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        size: '34rem',
        padding: 'lg',
        radius: 'lg',
        overlayProps: { backgroundOpacity: 0.75, blur: 2 },
        closeButtonProps: { size: touchTarget, 'aria-label': 'Close' },
      },
      styles: { title: { fontSize: '1.375rem', fontWeight: 800 } },
    }),
  },
})
