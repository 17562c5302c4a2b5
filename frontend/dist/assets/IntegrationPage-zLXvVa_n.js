import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{$ as t,An as n,B as r,Fn as i,Ft as a,In as o,Ln as s,N as c,Pn as l,Un as u,Vt as d,Wt as f,Y as p,an as m,bn as h,cn as g,en as _,gn as v,gt as y,in as b,mt as x,ot as S,tn as C,un as w}from"./start-BVTVaMxp.js";import{B as T,G as E}from"./first-CwG-ztNS.js";import{t as D}from"./Copyable-DjK9GUd_.js";import{t as O}from"./SectionHead-B-DLbUsE.js";import{t as k}from"./writeKey-BNKwuf9K.js";var A=e(u(),1),j={title:`Integration`,text:`How your system records its operations here. The code is ready to copy and run.`,key:`Write key`,keyText:`Programs send entries with a write key. A key is shown only once, so create it here: it is filled into the code.`,toKeys:`All API keys`,keyName:`Integration`,makeKey:`Create write key`,keyMade:e=>`The key “${e}” is in the code below. It will not be shown again after you leave this page.`,keyLabel:`Write key`,keyFailed:e=>`The key could not be created: ${e}`,send:`Record an operation`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`In a shell`,go:`main.go: go run main.go`,javascript:`record.mjs: node record.mjs`,java:`Record.java: java Record.java`},retryNote:`To retry safely after a failure, send your own id and time with each entry: an entry that arrives twice is stored once.`,arrivals:`Incoming operations`,arrivalsText:`Run the code, or send a test entry from here. It is a real entry and stays in the log under your name.`,sendTest:`Send a test entry`,testContent:`Test entry`,testKey:`Test entry, revoked after use`,testFailed:e=>`The test entry could not be sent: ${e}`,isTest:`your test`,waiting:`Waiting for the first operation`,arrived:e=>e===1?`Operation received`:`The last ${e} operations`,lost:`Connecting…`},M={title:`接入`,text:`将您的系统中的操作记录到这里。代码复制后即可运行。`,key:`写入密钥`,keyText:`程序使用写入密钥发送记录。密钥只显示一次，请在这里创建，创建后会直接填入代码。`,toKeys:`全部 API 密钥`,keyName:`系统接入`,makeKey:`创建写入密钥`,keyMade:e=>`密钥“${e}”已填入下面的代码。离开此页面后不再显示。`,keyLabel:`写入密钥`,keyFailed:e=>`无法创建密钥：${e}`,send:`记录一次操作`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`在终端中运行`,go:`main.go：go run main.go`,javascript:`record.mjs：node record.mjs`,java:`Record.java：java Record.java`},retryNote:`为每条记录指定自己的 id 和 time，失败后即可放心重试：重复到达的记录只保存一次。`,arrivals:`实时接收`,arrivalsText:`运行代码，或从这里发送一条测试记录。它是真实的记录，会以您的名义保留在日志中。`,sendTest:`发送一条测试记录`,testContent:`测试记录`,testKey:`测试记录（用后吊销）`,testFailed:e=>`无法发送测试记录：${e}`,isTest:`您的测试`,waiting:`等待第一条操作`,arrived:e=>e===1?`已收到操作`:`最近 ${e} 条操作`,lost:`正在连接…`};function N(){return l().tag===`en`?j:M}function P(e){let t=h(),[n,r]=(0,A.useState)(()=>t.getQueryData(b.createdKey(e)));return(0,A.useEffect)(()=>t.removeQueries({queryKey:b.createdKey(e)}),[t,e]),{made:n,make:v({mutationFn:t=>k(e,t),onSuccess:n=>(r(n),t.invalidateQueries({queryKey:b.apiKeys(e)}))})}}function F(e,{entries:[t]}){let n=new Date().toISOString(),{user:r,module:i,operation:a,content:o}=e;return{id:t?.id??``,seq:t?.seq??0,user:r,module:i,operation:a,...o?{content:o}:{},origin:`manual`,outcome:`success`,time:n,received_at:n}}function I(e){return v({mutationFn:async({entry:t,key:n,keyName:r})=>{let i=n===void 0?await k(e,r):void 0;try{return F(t,await m(g(e,`entries`),{method:`POST`,body:t,key:i?.key??n??``}))}finally{i&&await m(g(e,`keys/${encodeURIComponent(i.id)}`),{method:`DELETE`})}}})}var L=6;function R(e){let[t,n]=(0,A.useState)([]),i=(0,A.useCallback)(e=>{n(t=>t.some(t=>t.entry.seq===e.seq)?t:[{entry:e,at:Date.now()},...t].slice(0,L))},[]);return(0,A.useEffect)(()=>T(`page`),[e]),{arrivals:t,listening:r(g(e,`live`),{onEntry:e=>i(w(e))})===`open`,add:i}}var z=o();function B({tenant:e,made:t,sample:r,titles:i}){let a=N(),{username:o,name:s}=x(),{arrivals:c,listening:l,add:u}=R(e.id),f=I(e.id);function m(){let e={user:{id:o,name:s??o},...r,content:{id:`test`,name:a.testContent}};f.mutate({entry:e,key:t?.key,keyName:a.testKey},{onSuccess:u})}return(0,z.jsxs)(`section`,{className:`integration-arrivals`,"aria-labelledby":`integration-arrivals`,children:[(0,z.jsx)(`h2`,{id:`integration-arrivals`,children:a.arrivals}),(0,z.jsx)(`p`,{children:a.arrivalsText}),(0,z.jsx)(p,{kind:`primary`,pending:f.isPending,onClick:m,children:a.sendTest}),f.error&&(0,z.jsx)(d,{kind:`error`,children:a.testFailed(n(f.error))}),(0,z.jsxs)(`p`,{className:l?`integration-state integration-on`:`integration-state`,role:`status`,children:[(0,z.jsx)(`i`,{}),l?c.length===0?a.waiting:a.arrived(c.length):a.lost]}),(0,z.jsx)(`ul`,{children:c.map(t=>(0,z.jsx)(V,{arrival:t,tenant:e,titles:i,isTest:t.entry.seq===f.data?.seq},t.entry.seq))})]})}function V({arrival:{entry:e},tenant:t,titles:n,isTest:r}){let i=N(),{module:o,operation:l,user:u,content:d}=e;return(0,z.jsx)(`li`,{children:(0,z.jsxs)(s,{to:_(t.id,C(e)),children:[(0,z.jsxs)(`span`,{className:`integration-line`,children:[(0,z.jsx)(c,{title:n.operation(l),group:n.group(l)}),(0,z.jsx)(`span`,{className:`cut`,children:f(n.module(o))}),r&&(0,z.jsx)(`small`,{children:i.isTest})]}),(0,z.jsx)(`b`,{className:`cut`,children:f(d?.name||d?.id||u.name)}),(0,z.jsxs)(`small`,{className:`cut`,children:[f(u.name),` · `,a(e.received_at,t.time_zone)]})]})})}var H=[`curl`,`go`,`javascript`,`java`];function U(e){let t=new Set(e?.operations.filter(e=>e.retired).map(e=>e.key)),n=(e?.modules??[]).filter(e=>!e.retired);if(!e||((e,r)=>!t.has(r)&&n.some(t=>t.key===e&&t.operations.includes(r)))(`email`,`send`))return{module:`email`,operation:`send`};for(let{key:e,operations:r}of n){let n=r.find(e=>!t.has(e));if(n)return{module:e,operation:n}}return{module:`email`,operation:`send`}}function W(e,t){return G[e](t,`${t.origin}/api/v1/tenants/${encodeURIComponent(t.tenant)}/entries`)}var G={curl:J,go:Y,javascript:X,java:Z};function K({module:e,operation:t}){return[`"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}`,`"module": "${e}", "operation": "${t}"`,`"content": {"id": "eml_1", "name": "Spring newsletter"}`]}function q(e,t){return`{\n${K(e).map(e=>`${t}  ${e}`).join(`,
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
}`}function Q({tenant:e}){let r=N(),{gap:a}=i(),{made:o,make:c}=P(e.id),l=y(e.id),[u,f]=(0,A.useState)(`curl`),m=U(l.catalog),h=W(u,{origin:window.location.origin+E,tenant:e.id,key:o?.key??`YOUR_WRITE_KEY`,...m});return(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(O,{title:r.title,text:r.text}),(0,z.jsxs)(`div`,{className:`integration`,children:[(0,z.jsxs)(`div`,{children:[(0,z.jsxs)(`section`,{"aria-labelledby":`integration-key`,children:[(0,z.jsx)(`h2`,{id:`integration-key`,children:r.key}),o?(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(`p`,{children:r.keyMade(o.name)}),(0,z.jsx)(D,{label:r.keyLabel,text:o.key})]}):(0,z.jsxs)(z.Fragment,{children:[(0,z.jsxs)(`p`,{children:[r.keyText,a(),(0,z.jsx)(s,{className:`link`,to:S(e.id,`keys`),children:r.toKeys})]}),c.error&&(0,z.jsx)(d,{kind:`error`,children:r.keyFailed(n(c.error))}),(0,z.jsx)(p,{pending:c.isPending,onClick:()=>c.mutate(r.keyName),children:r.makeKey})]})]}),(0,z.jsxs)(`section`,{"aria-labelledby":`integration-send`,children:[(0,z.jsx)(`h2`,{id:`integration-send`,children:r.send}),(0,z.jsx)(t,{label:r.send,value:u,segments:H.map(e=>({value:e,label:r.programs[e]})),onChange:f}),(0,z.jsx)(`div`,{className:`integration-code`,children:(0,z.jsx)(D,{label:r.run[u],text:h},h)}),(0,z.jsx)(`p`,{className:`integration-note`,children:r.retryNote})]})]}),(0,z.jsx)(B,{tenant:e,made:o,sample:m,titles:l})]})]})}export{Q as default};