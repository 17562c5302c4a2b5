import{r as e}from"./rolldown-runtime-XKyaHtl.js";import{Bt as t,Et as n,Ht as r,It as i,Kt as a,L as o,Lt as s,Ot as c,P as l,Sn as u,T as d,X as f,Xt as p,an as m,bn as h,bt as g,hn as _,kn as v,qt as y,sn as b,tn as x,v as S,xn as C,yn as w}from"./start-iJ9bpGF.js";import{B as T,G as E}from"./first-CRWWIq9.js";import{t as D}from"./Copyable-Vk13MFe.js";import{t as O}from"./SectionHead-BkzXlQ5.js";import{t as k}from"./writeKey-DMXlPfV.js";var A=e(v(),1),j={title:`Integration`,text:`How your system records its operations here. The code is ready to copy and run.`,key:`Write key`,keyText:`Programs send entries with a write key. A key is shown only once, so create it here: it is filled into the code.`,toKeys:`All API keys`,keyName:`Integration`,makeKey:`Create write key`,keyMade:e=>`The key “${e}” is in the code below. It will not be shown again after you leave this page.`,keyLabel:`Write key`,keyFailed:e=>`The key could not be created: ${e}`,send:`Record an operation`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`In a shell`,go:`main.go: go run main.go`,javascript:`record.mjs: node record.mjs`,java:`Record.java: java Record.java`},retryNote:`To retry safely after a failure, send your own id and time with each entry: an entry that arrives twice is stored once.`,arrivals:`Incoming operations`,arrivalsText:`Run the code, or send a test entry from here. It is a real entry and stays in the log under your name.`,sendTest:`Send a test entry`,testContent:`Test entry`,testKey:`Test entry, revoked after use`,testFailed:e=>`The test entry could not be sent: ${e}`,isTest:`your test`,waiting:`Waiting for the first operation`,arrived:e=>e===1?`Operation received`:`The last ${e} operations`,lost:`Connecting…`},M={title:`接入`,text:`将您的系统中的操作记录到这里。代码复制后即可运行。`,key:`写入密钥`,keyText:`程序使用写入密钥发送记录。密钥只显示一次，请在这里创建，创建后会直接填入代码。`,toKeys:`全部 API 密钥`,keyName:`系统接入`,makeKey:`创建写入密钥`,keyMade:e=>`密钥“${e}”已填入下面的代码。离开此页面后不再显示。`,keyLabel:`写入密钥`,keyFailed:e=>`无法创建密钥：${e}`,send:`记录一次操作`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`在终端中运行`,go:`main.go：go run main.go`,javascript:`record.mjs：node record.mjs`,java:`Record.java：java Record.java`},retryNote:`为每条记录指定自己的 id 和 time，失败后即可放心重试：重复到达的记录只保存一次。`,arrivals:`实时接收`,arrivalsText:`运行代码，或从这里发送一条测试记录。它是真实的记录，会以您的名义保留在日志中。`,sendTest:`发送一条测试记录`,testContent:`测试记录`,testKey:`测试记录（用后吊销）`,testFailed:e=>`无法发送测试记录：${e}`,isTest:`您的测试`,waiting:`等待第一条操作`,arrived:e=>e===1?`已收到操作`:`最近 ${e} 条操作`,lost:`正在连接…`};function N(){return w().tag===`en`?j:M}function P(e){let n=a(),[i,o]=(0,A.useState)(()=>n.getQueryData(t.createdKey(e)));return(0,A.useEffect)(()=>n.removeQueries({queryKey:t.createdKey(e)}),[n,e]),{made:i,make:r({mutationFn:t=>k(e,t),onSuccess:r=>(o(r),n.invalidateQueries({queryKey:t.apiKeys(e)}))})}}function F(e,{entries:[t]}){let n=new Date().toISOString(),{user:r,module:i,operation:a,content:o}=e;return{id:t?.id??``,seq:t?.seq??0,user:r,module:i,operation:a,...o?{content:o}:{},origin:`manual`,outcome:`success`,time:n,received_at:n}}function I(e){return r({mutationFn:async({entry:t,key:n,keyName:r})=>{let i=n===void 0?await k(e,r):void 0;try{return F(t,await x(m(e,`entries`),{method:`POST`,body:t,key:i?.key??n??``}))}finally{i&&await x(m(e,`keys/${encodeURIComponent(i.id)}`),{method:`DELETE`})}}})}var L=6;function R(e){let[t,n]=(0,A.useState)([]),r=(0,A.useCallback)(e=>{n(t=>t.some(t=>t.entry.seq===e.seq)?t:[{entry:e,at:Date.now()},...t].slice(0,L))},[]);return(0,A.useEffect)(()=>T(`page`),[e]),{arrivals:t,listening:d(m(e,`live`),{onEntry:e=>r(b(e))})===`open`,add:r}}var z=C();function B({tenant:e,made:t,sample:r,titles:i}){let a=N(),{username:o,name:s}=n(),{arrivals:c,listening:u,add:d}=R(e.id),f=I(e.id);function p(){let e={user:{id:o,name:s??o},...r,content:{id:`test`,name:a.testContent}};f.mutate({entry:e,key:t?.key,keyName:a.testKey},{onSuccess:d})}return(0,z.jsxs)(`section`,{className:`integration-arrivals`,"aria-labelledby":`integration-arrivals`,children:[(0,z.jsx)(`h2`,{id:`integration-arrivals`,children:a.arrivals}),(0,z.jsx)(`p`,{children:a.arrivalsText}),(0,z.jsx)(l,{kind:`primary`,pending:f.isPending,onClick:p,children:a.sendTest}),f.error&&(0,z.jsx)(y,{kind:`error`,children:a.testFailed(_(f.error))}),(0,z.jsxs)(`p`,{className:u?`integration-state integration-on`:`integration-state`,role:`status`,children:[(0,z.jsx)(`i`,{}),u?c.length===0?a.waiting:a.arrived(c.length):a.lost]}),(0,z.jsx)(`ul`,{children:c.map(t=>(0,z.jsx)(V,{arrival:t,tenant:e,titles:i,isTest:t.entry.seq===f.data?.seq},t.entry.seq))})]})}function V({arrival:{entry:e},tenant:t,titles:n,isTest:r}){let a=N(),{module:o,operation:c,user:l,content:d}=e;return(0,z.jsx)(`li`,{children:(0,z.jsxs)(u,{to:i(t.id,s(e)),children:[(0,z.jsxs)(`span`,{className:`integration-line`,children:[(0,z.jsx)(S,{title:n.operation(c),group:n.group(c)}),(0,z.jsx)(`span`,{className:`cut`,children:p(n.module(o))}),r&&(0,z.jsx)(`small`,{children:a.isTest})]}),(0,z.jsx)(`b`,{className:`cut`,children:p(d?.name||d?.id||l.name)}),(0,z.jsxs)(`small`,{className:`cut`,children:[p(l.name),` · `,g(e.received_at,t.time_zone)]})]})})}var H=[`curl`,`go`,`javascript`,`java`];function U(e){let t=new Set(e?.operations.filter(e=>e.retired).map(e=>e.key)),n=(e?.modules??[]).filter(e=>!e.retired);if(!e||((e,r)=>!t.has(r)&&n.some(t=>t.key===e&&t.operations.includes(r)))(`email`,`send`))return{module:`email`,operation:`send`};for(let{key:e,operations:r}of n){let n=r.find(e=>!t.has(e));if(n)return{module:e,operation:n}}return{module:`email`,operation:`send`}}function W(e,t){return G[e](t,`${t.origin}/api/v1/tenants/${encodeURIComponent(t.tenant)}/entries`)}var G={curl:J,go:Y,javascript:X,java:Z};function K({module:e,operation:t}){return[`"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}`,`"module": "${e}", "operation": "${t}"`,`"content": {"id": "eml_1", "name": "Spring newsletter"}`]}function q(e,t){return`{\n${K(e).map(e=>`${t}  ${e}`).join(`,
`)}\n${t}}`}function J(e,t){return`curl '${t}' \\
  -H 'Authorization: Bearer ${e.key}' \\
  -H 'Content-Type: application/json' \\
  -d '${q(e,`  `)}'`}function Y(e,t){return`package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

func main() {
	entry := \`${q(e,`	`)}\`
	req, err := http.NewRequest("POST", "${t}", strings.NewReader(entry))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ${e.key}")
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status, string(text))
}`}function X({key:e,module:t,operation:n},r){return`const answer = await fetch('${r}', {
  method: 'POST',
  headers: {
    Authorization: 'Bearer ${e}',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    user: { id: 'u_1', name: 'Ada Lovelace', role: 'Editor' },
    module: '${t}',
    operation: '${n}',
    content: { id: 'eml_1', name: 'Spring newsletter' },
  }),
})
console.log(answer.status, await answer.text())`}function Z(e,t){let n=K(e);return`import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Record {
    public static void main(String[] args) throws Exception {
        String entry = "{"
            + ${n.map((e,t)=>JSON.stringify(t<n.length-1?`${e}, `:e)).join(`
            + `)}
            + "}";
        HttpRequest request = HttpRequest.newBuilder()
            .uri(URI.create("${t}"))
            .header("Authorization", "Bearer ${e.key}")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(entry))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}`}function Q({tenant:e}){let t=N(),{gap:n}=h(),{made:r,make:i}=P(e.id),a=f(e.id),[s,d]=(0,A.useState)(`curl`),p=U(a.catalog),m=W(s,{origin:window.location.origin+E,tenant:e.id,key:r?.key??`YOUR_WRITE_KEY`,...p});return(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(O,{title:t.title,text:t.text}),(0,z.jsxs)(`div`,{className:`integration`,children:[(0,z.jsxs)(`div`,{children:[(0,z.jsxs)(`section`,{"aria-labelledby":`integration-key`,children:[(0,z.jsx)(`h2`,{id:`integration-key`,children:t.key}),r?(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(`p`,{children:t.keyMade(r.name)}),(0,z.jsx)(D,{label:t.keyLabel,text:r.key})]}):(0,z.jsxs)(z.Fragment,{children:[(0,z.jsxs)(`p`,{children:[t.keyText,n(),(0,z.jsx)(u,{className:`link`,to:c(e.id,`keys`),children:t.toKeys})]}),i.error&&(0,z.jsx)(y,{kind:`error`,children:t.keyFailed(_(i.error))}),(0,z.jsx)(l,{pending:i.isPending,onClick:()=>i.mutate(t.keyName),children:t.makeKey})]})]}),(0,z.jsxs)(`section`,{"aria-labelledby":`integration-send`,children:[(0,z.jsx)(`h2`,{id:`integration-send`,children:t.send}),(0,z.jsx)(o,{label:t.send,value:s,segments:H.map(e=>({value:e,label:t.programs[e]})),onChange:d}),(0,z.jsx)(`div`,{className:`integration-code`,children:(0,z.jsx)(D,{label:t.run[s],text:m},m)}),(0,z.jsx)(`p`,{className:`integration-note`,children:t.retryNote})]})]}),(0,z.jsx)(B,{tenant:e,made:r,sample:p,titles:a})]})]})}export{Q as default};