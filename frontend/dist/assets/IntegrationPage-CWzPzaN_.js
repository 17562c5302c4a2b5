import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{At as t,B as n,F as r,K as i,Mt as a,Nt as o,Ot as s,St as c,g as l,h as u,it as d,jt as f,kt as p,nt as m,v as h,w as g,xt as _}from"./start-CbRliuZp.js";import{t as v}from"./Copyable-GLPtQ1DX.js";import{t as y}from"./SectionHead-7MnsXgsw.js";var b=e(o(),1),x=6,S=3e3;function C(e){let[t,n]=(0,b.useState)([]),[r,i]=(0,b.useState)(!1),a=(0,b.useCallback)(e=>{n(t=>t.some(t=>t.entry.seq===e.seq)?t:[{entry:e,at:Date.now()},...t].slice(0,x))},[]);return(0,b.useEffect)(()=>{let t,n;function r(){t=new EventSource(p(e,`live`)),t.onopen=()=>i(!0),t.addEventListener(`entry`,e=>a(JSON.parse(e.data))),t.addEventListener(`end`,o),t.onerror=()=>{i(!1),t?.readyState===EventSource.CLOSED&&o()}}function o(){t?.close(),i(!1),window.clearTimeout(n),n=window.setTimeout(r,S)}return r(),()=>{window.clearTimeout(n),t?.close()}},[e,a]),{arrivals:t,listening:r,add:a}}var w={title:`Integration`,text:`How your system records its operations here. What you copy is ready to run.`,key:`Write key`,keyText:`A program sends with a write key. The key is shown once, so it is made here and goes straight into the code.`,toKeys:`All API keys`,keyName:`Integration`,makeKey:`Make a write key`,keyMade:e=>`The key “${e}” stands in the code below. It is not shown again after you leave this page.`,keyLabel:`Write key`,keyFailed:e=>`The key was not made: ${e}`,send:`Record an operation`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`In a shell`,go:`main.go: go run main.go`,javascript:`record.mjs: node record.mjs`,java:`Record.java: java Record.java`},retryNote:`To send again safely after a failure, give the entry an id and a time of your own: what arrives twice is stored once.`,arrivals:`Arriving now`,arrivalsText:`Run the code, or send a test entry from here. It is a real entry: it stays in the log under your name.`,sendTest:`Send a test entry`,testContent:`Test entry`,testKey:`Test entry, revoked after use`,testFailed:e=>`The test entry was not sent: ${e}`,isTest:`your test`,waiting:`Waiting for the first operation`,arrived:e=>e===1?`The operation has arrived`:`The last ${e} operations`,lost:`Connecting…`},T={title:`接入`,text:`您的系统如何把操作记录到这里。复制的代码可以直接运行。`,key:`写入密钥`,keyText:`程序使用写入密钥发送记录。密钥只显示一次，因此在这里创建后会直接填入代码。`,toKeys:`全部 API 密钥`,keyName:`系统接入`,makeKey:`创建写入密钥`,keyMade:e=>`密钥“${e}”已填入下面的代码。离开此页后不再显示。`,keyLabel:`写入密钥`,keyFailed:e=>`密钥未创建：${e}`,send:`记录一次操作`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`在终端中运行`,go:`main.go：go run main.go`,javascript:`record.mjs：node record.mjs`,java:`Record.java：java Record.java`},retryNote:`为记录指定自己的 id 和 time，失败后即可放心重发：重复到达的记录只保存一次。`,arrivals:`实时到达`,arrivalsText:`运行代码，或从这里发送一条测试记录。它是真实的记录，会以您的名义保留在日志中。`,sendTest:`发送一条测试记录`,testContent:`测试记录`,testKey:`测试记录（用后吊销）`,testFailed:e=>`测试记录未发送：${e}`,isTest:`您的测试`,waiting:`等待第一条操作`,arrived:e=>e===1?`操作已到达`:`最近 ${e} 条操作`,lost:`正在连接…`};function E(){return _().tag===`en`?w:T}var D=f();function O({tenant:e,made:t,sample:r,titles:i}){let o=E(),{username:c,name:u}=a(),{arrivals:d,listening:f,add:p}=C(e.id),h=l(e.id);function g(){let e={user:{id:c,name:u??c},...r,content:{id:`test`,name:o.testContent}};h.mutate({entry:e,key:t?.key,keyName:o.testKey},{onSuccess:p})}return(0,D.jsxs)(`section`,{className:`integration-arrivals`,"aria-labelledby":`integration-arrivals`,children:[(0,D.jsx)(`h2`,{id:`integration-arrivals`,children:o.arrivals}),(0,D.jsx)(`p`,{children:o.arrivalsText}),(0,D.jsx)(n,{kind:`primary`,pending:h.isPending,onClick:g,children:o.sendTest}),h.error&&(0,D.jsx)(m,{kind:`error`,children:o.testFailed(s(h.error))}),(0,D.jsxs)(`p`,{className:f?`integration-state integration-on`:`integration-state`,role:`status`,children:[(0,D.jsx)(`i`,{}),f?d.length===0?o.waiting:o.arrived(d.length):o.lost]}),(0,D.jsx)(`ul`,{children:d.map(t=>(0,D.jsx)(k,{arrival:t,tenant:e,titles:i,isTest:t.entry.seq===h.data?.seq},t.entry.seq))})]})}function k({arrival:{entry:e},tenant:t,titles:n,isTest:a}){let o=E(),{module:s,operation:c,user:l,content:u}=e;return(0,D.jsx)(`li`,{children:(0,D.jsxs)(r,{to:`/t/${encodeURIComponent(t.id)}/log/${encodeURIComponent(e.id)}`,children:[(0,D.jsxs)(`span`,{className:`integration-line`,children:[(0,D.jsx)(g,{title:n.operation(c),group:n.group(c)}),(0,D.jsx)(`span`,{className:`cut`,children:n.module(s)}),a&&(0,D.jsx)(`small`,{children:o.isTest})]}),(0,D.jsx)(`b`,{className:`cut`,children:u?.name||u?.id||l.name}),(0,D.jsxs)(`small`,{className:`cut`,children:[l.name,` · `,i(e.received_at,t.time_zone)]})]})})}var A=[`curl`,`go`,`javascript`,`java`];function j(e){let t=new Set(e?.operations.filter(e=>e.retired).map(e=>e.key)),n=(e?.modules??[]).filter(e=>!e.retired);if(!e||((e,r)=>!t.has(r)&&n.some(t=>t.key===e&&t.operations.includes(r)))(`email`,`send`))return{module:`email`,operation:`send`};for(let{key:e,operations:r}of n){let n=r.find(e=>!t.has(e));if(n)return{module:e,operation:n}}return{module:`email`,operation:`send`}}function M(e,{origin:t,tenant:n,key:r,module:i,operation:a}){let o=`${t}/api/v1/tenants/${encodeURIComponent(n)}/entries`,s=[`"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}`,`"module": "${i}", "operation": "${a}"`,`"content": {"id": "eml_1", "name": "Spring newsletter"}`],c=e=>`{\n${s.map(t=>`${e}  ${t}`).join(`,
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
}`}}function N({tenant:e}){let i=E(),{gap:a}=c(),{made:o,make:l}=u(e.id),f=d(e.id),[p,g]=(0,b.useState)(`curl`),_=j(f.catalog),x=M(p,{origin:window.location.origin,tenant:e.id,key:o?.key??`YOUR_WRITE_KEY`,..._});return(0,D.jsxs)(D.Fragment,{children:[(0,D.jsx)(y,{title:i.title,text:i.text}),(0,D.jsxs)(`div`,{className:`integration`,children:[(0,D.jsxs)(`div`,{children:[(0,D.jsxs)(`section`,{"aria-labelledby":`integration-key`,children:[(0,D.jsx)(`h2`,{id:`integration-key`,children:i.key}),o?(0,D.jsxs)(D.Fragment,{children:[(0,D.jsx)(`p`,{children:i.keyMade(o.name)}),(0,D.jsx)(v,{label:i.keyLabel,text:o.key})]}):(0,D.jsxs)(D.Fragment,{children:[(0,D.jsxs)(`p`,{children:[i.keyText,a(),(0,D.jsx)(r,{className:`link`,to:h(e.id,`keys`),children:i.toKeys})]}),l.error&&(0,D.jsx)(m,{kind:`error`,children:i.keyFailed(s(l.error))}),(0,D.jsx)(n,{pending:l.isPending,onClick:()=>l.mutate(i.keyName),children:i.makeKey})]})]}),(0,D.jsxs)(`section`,{"aria-labelledby":`integration-send`,children:[(0,D.jsx)(`h2`,{id:`integration-send`,children:i.send}),(0,D.jsx)(t,{label:i.send,value:p,segments:A.map(e=>({value:e,label:i.programs[e]})),onChange:g}),(0,D.jsx)(`div`,{className:`integration-code`,children:(0,D.jsx)(v,{label:i.run[p],text:x},x)}),(0,D.jsx)(`p`,{className:`integration-note`,children:i.retryNote})]})]}),(0,D.jsx)(O,{tenant:e,made:o,sample:_,titles:f})]})]})}export{N as default};