import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{Bt as t,Ct as n,Ft as r,Jt as i,P as a,Qt as o,St as s,Vt as c,c as l,d as u,ht as d,l as f,ln as p,nn as m,on as h,pt as g,qt as _,rn as v,sn as y,tn as b,tt as x,v as S,z as C}from"./start-xExELyOL.js";import{t as w}from"./Copyable-CgqLfpRb.js";import{t as T}from"./SectionHead-Ch8NLekN.js";var E=e(p(),1),D=6,O=3e3;function k(e){let[t,n]=(0,E.useState)([]),[r,a]=(0,E.useState)(!1),s=(0,E.useCallback)(e=>{n(t=>t.some(t=>t.entry.seq===e.seq)?t:[{entry:e,at:Date.now()},...t].slice(0,D))},[]);return(0,E.useEffect)(()=>{let t,n;function r(){t=new EventSource(i(e,`live?act=${h(`page`)}`)),t.onopen=()=>a(!0),t.addEventListener(`entry`,e=>s(o(e.data))),t.addEventListener(`end`,c),t.onerror=()=>{a(!1),t?.readyState===EventSource.CLOSED&&c()}}function c(){t?.close(),a(!1),window.clearTimeout(n),n=window.setTimeout(r,O)}return y(`page`),r(),()=>{window.clearTimeout(n),t?.close()}},[e,s]),{arrivals:t,listening:r,add:s}}var A={title:`Integration`,text:`How your system records its operations here. What you copy is ready to run.`,key:`Write key`,keyText:`A program sends with a write key. The key is shown once, so it is made here and goes straight into the code.`,toKeys:`All API keys`,keyName:`Integration`,makeKey:`Make a write key`,keyMade:e=>`The key “${e}” stands in the code below. It is not shown again after you leave this page.`,keyLabel:`Write key`,keyFailed:e=>`The key was not made: ${e}`,send:`Record an operation`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`In a shell`,go:`main.go: go run main.go`,javascript:`record.mjs: node record.mjs`,java:`Record.java: java Record.java`},retryNote:`To send again safely after a failure, give the entry an id and a time of your own: what arrives twice is stored once.`,arrivals:`Arriving now`,arrivalsText:`Run the code, or send a test entry from here. It is a real entry: it stays in the log under your name.`,sendTest:`Send a test entry`,testContent:`Test entry`,testKey:`Test entry, revoked after use`,testFailed:e=>`The test entry was not sent: ${e}`,isTest:`your test`,waiting:`Waiting for the first operation`,arrived:e=>e===1?`The operation has arrived`:`The last ${e} operations`,lost:`Connecting…`},j={title:`接入`,text:`您的系统如何把操作记录到这里。复制的代码可以直接运行。`,key:`写入密钥`,keyText:`程序使用写入密钥发送记录。密钥只显示一次，因此在这里创建后会直接填入代码。`,toKeys:`全部 API 密钥`,keyName:`系统接入`,makeKey:`创建写入密钥`,keyMade:e=>`密钥“${e}”已填入下面的代码。离开此页后不再显示。`,keyLabel:`写入密钥`,keyFailed:e=>`密钥未创建：${e}`,send:`记录一次操作`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`在终端中运行`,go:`main.go：go run main.go`,javascript:`record.mjs：node record.mjs`,java:`Record.java：java Record.java`},retryNote:`为记录指定自己的 id 和 time，失败后即可放心重发：重复到达的记录只保存一次。`,arrivals:`实时到达`,arrivalsText:`运行代码，或从这里发送一条测试记录。它是真实的记录，会以您的名义保留在日志中。`,sendTest:`发送一条测试记录`,testContent:`测试记录`,testKey:`测试记录（用后吊销）`,testFailed:e=>`测试记录未发送：${e}`,isTest:`您的测试`,waiting:`等待第一条操作`,arrived:e=>e===1?`操作已到达`:`最近 ${e} 条操作`,lost:`正在连接…`};function M(){return t().tag===`en`?A:j}var N=m();function P({tenant:e,made:t,sample:n,titles:r}){let i=M(),{username:a,name:o}=v(),{arrivals:s,listening:c,add:l}=k(e.id),u=f(e.id);function d(){let e={user:{id:a,name:o??a},...n,content:{id:`test`,name:i.testContent}};u.mutate({entry:e,key:t?.key,keyName:i.testKey},{onSuccess:l})}return(0,N.jsxs)(`section`,{className:`integration-arrivals`,"aria-labelledby":`integration-arrivals`,children:[(0,N.jsx)(`h2`,{id:`integration-arrivals`,children:i.arrivals}),(0,N.jsx)(`p`,{children:i.arrivalsText}),(0,N.jsx)(C,{kind:`primary`,pending:u.isPending,onClick:d,children:i.sendTest}),u.error&&(0,N.jsx)(g,{kind:`error`,children:i.testFailed(_(u.error))}),(0,N.jsxs)(`p`,{className:c?`integration-state integration-on`:`integration-state`,role:`status`,children:[(0,N.jsx)(`i`,{}),c?s.length===0?i.waiting:i.arrived(s.length):i.lost]}),(0,N.jsx)(`ul`,{children:s.map(t=>(0,N.jsx)(F,{arrival:t,tenant:e,titles:r,isTest:t.entry.seq===u.data?.seq},t.entry.seq))})]})}function F({arrival:{entry:e},tenant:t,titles:i,isTest:o}){let c=M(),{module:l,operation:u,user:d,content:f}=e;return(0,N.jsx)(`li`,{children:(0,N.jsxs)(a,{to:s(t.id,n(e)),children:[(0,N.jsxs)(`span`,{className:`integration-line`,children:[(0,N.jsx)(S,{title:i.operation(u),group:i.group(u)}),(0,N.jsx)(`span`,{className:`cut`,children:r(i.module(l))}),o&&(0,N.jsx)(`small`,{children:c.isTest})]}),(0,N.jsx)(`b`,{className:`cut`,children:r(f?.name||f?.id||d.name)}),(0,N.jsxs)(`small`,{className:`cut`,children:[r(d.name),` · `,x(e.received_at,t.time_zone)]})]})})}var I=[`curl`,`go`,`javascript`,`java`];function L(e){let t=new Set(e?.operations.filter(e=>e.retired).map(e=>e.key)),n=(e?.modules??[]).filter(e=>!e.retired);if(!e||((e,r)=>!t.has(r)&&n.some(t=>t.key===e&&t.operations.includes(r)))(`email`,`send`))return{module:`email`,operation:`send`};for(let{key:e,operations:r}of n){let n=r.find(e=>!t.has(e));if(n)return{module:e,operation:n}}return{module:`email`,operation:`send`}}function R(e,{origin:t,tenant:n,key:r,module:i,operation:a}){let o=`${t}/api/v1/tenants/${encodeURIComponent(n)}/entries`,s=[`"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}`,`"module": "${i}", "operation": "${a}"`,`"content": {"id": "eml_1", "name": "Spring newsletter"}`],c=e=>`{\n${s.map(t=>`${e}  ${t}`).join(`,
`)}\n${e}}`;switch(e){case`curl`:return`curl '${o}' \\
  -H 'Authorization: Bearer ${r}' \\
  -H 'Content-Type: application/json' \\
  -d '${c(`  `)}'`;case`go`:return`package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

func main() {
	entry := \`${c(`	`)}\`
	req, err := http.NewRequest("POST", "${o}", strings.NewReader(entry))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ${r}")
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
}`;case`javascript`:return`const answer = await fetch('${o}', {
  method: 'POST',
  headers: {
    Authorization: 'Bearer ${r}',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    user: { id: 'u_1', name: 'Ada Lovelace', role: 'Editor' },
    module: '${i}',
    operation: '${a}',
    content: { id: 'eml_1', name: 'Spring newsletter' },
  }),
})
console.log(answer.status, await answer.text())`;case`java`:return`import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Record {
    public static void main(String[] args) throws Exception {
        String entry = "{"
            + ${s.map((e,t)=>JSON.stringify(t<s.length-1?`${e}, `:e)).join(`
            + `)}
            + "}";
        HttpRequest request = HttpRequest.newBuilder()
            .uri(URI.create("${o}"))
            .header("Authorization", "Bearer ${r}")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(entry))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}`}}function z({tenant:e}){let t=M(),{gap:n}=c(),{made:r,make:i}=l(e.id),o=d(e.id),[s,f]=(0,E.useState)(`curl`),p=L(o.catalog),m=R(s,{origin:window.location.origin,tenant:e.id,key:r?.key??`YOUR_WRITE_KEY`,...p});return(0,N.jsxs)(N.Fragment,{children:[(0,N.jsx)(T,{title:t.title,text:t.text}),(0,N.jsxs)(`div`,{className:`integration`,children:[(0,N.jsxs)(`div`,{children:[(0,N.jsxs)(`section`,{"aria-labelledby":`integration-key`,children:[(0,N.jsx)(`h2`,{id:`integration-key`,children:t.key}),r?(0,N.jsxs)(N.Fragment,{children:[(0,N.jsx)(`p`,{children:t.keyMade(r.name)}),(0,N.jsx)(w,{label:t.keyLabel,text:r.key})]}):(0,N.jsxs)(N.Fragment,{children:[(0,N.jsxs)(`p`,{children:[t.keyText,n(),(0,N.jsx)(a,{className:`link`,to:u(e.id,`keys`),children:t.toKeys})]}),i.error&&(0,N.jsx)(g,{kind:`error`,children:t.keyFailed(_(i.error))}),(0,N.jsx)(C,{pending:i.isPending,onClick:()=>i.mutate(t.keyName),children:t.makeKey})]})]}),(0,N.jsxs)(`section`,{"aria-labelledby":`integration-send`,children:[(0,N.jsx)(`h2`,{id:`integration-send`,children:t.send}),(0,N.jsx)(b,{label:t.send,value:s,segments:I.map(e=>({value:e,label:t.programs[e]})),onChange:f}),(0,N.jsx)(`div`,{className:`integration-code`,children:(0,N.jsx)(w,{label:t.run[s],text:m},m)}),(0,N.jsx)(`p`,{className:`integration-note`,children:t.retryNote})]})]}),(0,N.jsx)(P,{tenant:e,made:r,sample:p,titles:o})]})]})}export{z as default};