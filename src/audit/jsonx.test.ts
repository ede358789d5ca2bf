import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonx } from './jsonx.ts'

test('an entry in JSONx, as Vault orders and names it', () => {
  const json =
    '{"type":"request","auth":{"policies":["root"],"no_default_policy":true,"x":null,"n":1.50},"error":"a <b> & \\"c\\""}'
  const want =
    '<json:object name="auth"><json:number name="n">1.50</json:number><json:boolean name="no_default_policy">true</json:boolean>' +
    '<json:array name="policies"><json:string>root</json:string></json:array><json:null name="x" /></json:object>' +
    '<json:string name="error">a &lt;b&gt; &amp; &#34;c&#34;</json:string><json:string name="type">request</json:string>'
  assert.equal(jsonx(json), want)
})

test('names and strings cannot end their element, and what XML lacks is replaced', () => {
  const json = JSON.stringify({ 'a" x="1': 'line\nfeed\u0000\ud800' })
  assert.equal(jsonx(json), '<json:string name="a&#34; x=&#34;1">line&#xA;feed\ufffd\ufffd</json:string>')
})
