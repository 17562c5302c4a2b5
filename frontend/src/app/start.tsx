import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { guessLanguage, loadMessages } from '../i18n/dictionaries'
import { basePath } from '../lib/basePath'
import { App } from './App'
import '../ui/tokens.css'
import '../ui/base.css'

const root = document.getElementById('root')
if (!root) throw new Error('the page has no #root')
const page = createRoot(root)
loadMessages(guessLanguage()).then(() =>
  page.render(
    <StrictMode>
      {/* The filters live in the address: a box that was ticked must look ticked at once, not after a transition. */}
      <BrowserRouter basename={basePath} useTransitions={false}>
        <App />
      </BrowserRouter>
    </StrictMode>,
  ),
)
