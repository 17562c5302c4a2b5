package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

func frameOf(text string) []byte { return append(BeginFrame(0), text...) }

// TestFrames: frames arrive whole and in order, those that wait are written together, and it is known which were not sent.
func TestFrames(t *testing.T) {
	near, far := net.Pipe()
	f := NewFrames(near, time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- f.Run() }()
	add := func(number uint64, text string) uint64 {
		place, err := f.Add(number, frameOf(text))
		if err != nil {
			t.Fatal(err)
		}
		return place
	}
	first := add(7, "first")
	for !f.Sent(first) {
		time.Sleep(time.Millisecond) // until Run writes it, which takes as long as nobody reads
	}
	second, third := add(8, strings.Repeat("x", 3*laneBuffer)), add(9, "")
	if f.Sent(second) || f.Sent(third) {
		t.Error("a frame that waits is taken for sent")
	}
	in := LaneReader(far)
	for i, length := range []int{len("first"), 3 * laneBuffer, 0} {
		number, content, err := ReadFrame(in, 3*laneBuffer)
		if err != nil || number != uint64(7+i) || len(content) != length {
			t.Errorf("frame %d of %d bytes, %v", number, len(content), err)
		}
	}
	if !f.Sent(second) || !f.Sent(third) {
		t.Error("what has arrived is not taken for sent")
	}
	add(10, "") // Run waits for a reader again
	for !f.Sent(4) {
		time.Sleep(time.Millisecond)
	}
	lost := add(11, "lost")
	_ = far.Close()
	if err := <-ended; err == nil || f.Sent(lost) {
		t.Errorf("%v, sent: %v", err, f.Sent(lost))
	}
	if _, err := f.Add(12, frameOf("")); !errors.Is(err, ErrLaneClosed) {
		t.Error(err)
	}
	f.AwaitRoom(0) // returns, as nothing is written any more
}

// TestFramesClose: what waits is written before the end.
func TestFramesClose(t *testing.T) {
	near, far := net.Pipe()
	f := NewFrames(near, time.Minute)
	_, err := f.Add(1, frameOf("last"))
	f.Close()
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(f.Run(), near.Close()) }()
	all, read := io.ReadAll(far)
	if err = errors.Join(err, <-ended, read); err != nil || !bytes.HasSuffix(all, []byte("last")) {
		t.Errorf("%q, %v", all, err)
	}
}

// TestReadFrameMalformed: lengths that cannot be are refused before memory is taken for them.
func TestReadFrameMalformed(t *testing.T) {
	for _, head := range []string{"\xff\xff\xff\xff", "\x00\x00\x00\x07", "\x00\x00\x00\x6d"} {
		if _, _, err := ReadFrame(LaneReader(strings.NewReader(head+strings.Repeat("x", 200))), 100); err == nil {
			t.Errorf("%q is read", head)
		}
	}
	for _, content := range []string{"", "abc", "\x00\x00\x00\x05GET"} {
		if NewLaneRequest(4<<10).Read([]byte(content), nil, nil) == nil {
			t.Errorf("the request %q is read", content)
		}
	}
	for _, content := range []string{"", strings.Repeat("\x00", 28)} {
		if _, err := ReadAnswer([]byte(content)); err == nil {
			t.Errorf("the answer %q is read", content)
		}
	}
}

// TestLaneMessages: a request and its answer are on a lane what they are on a connection of their own.
func TestLaneMessages(t *testing.T) {
	app := fiber.New()
	client := app.AcquireCtx(new(fasthttp.RequestCtx))
	client.Request().SetRequestURI("//a%2Fb/entries?x=1&y=%20")
	client.Request().Header.SetMethod("POST")
	for name, value := range map[string]string{
		"Host": "log.example", "Authorization": "Bearer k", "Connection": "close, X-Hop", "X-Hop": "1", "Oplog-Forwarded-For": "203.0.113.9", "Content-Length": "99",
		"X-Forwarded-For": "203.0.113.9", "Transfer-Encoding": "chunked", "Idempotency-Key": "1",
	} {
		client.Request().Header.Set(name, value)
	}
	frame, err := AppendForwarded(BeginFrame(0), client, Forwarded{ForLeader: true}, []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	r := NewLaneRequest(4 << 10)
	if err := r.Read(frame[frameHead:], nil, nil); err != nil {
		t.Fatal(err)
	}
	got := &r.Ctx.Request
	body, err := io.ReadAll(got.BodyStream())
	if err != nil || string(body) != "body" || string(got.Header.RequestURI()) != "/a%2Fb/entries?x=1&y=%20" || string(got.Host()) != "log.example" {
		t.Errorf("%q, %v, %s", body, err, &got.Header)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer k", "X-Hop": "", "Connection": "", "Oplog-Forwarded-For": "0.0.0.0", "Oplog-Forwarded-Leader": "1", "Oplog-Forwarded-Proto": "http",
		"X-Forwarded-For": "", "Transfer-Encoding": "", "Idempotency-Key": "",
	} {
		if value := string(got.Header.Peek(name)); value != want {
			t.Errorf("%s: %q", name, value)
		}
	}
	client.Request().Header.Set("X-Bad", "a\x01b")
	if _, err := AppendForwarded(BeginFrame(0), client, Forwarded{ForLeader: true}, nil); err == nil {
		t.Error("control characters are forwarded")
	}
	checkAnswers(t, app, r)
}

func checkAnswers(t *testing.T, app *fiber.App, r *LaneRequest) {
	t.Helper()
	answer := &r.Ctx.Response
	answer.SetStatusCode(201)
	answer.Header.SetContentType(JSONType)
	answer.Header.Add("Set-Cookie", "a=1; Path=/")
	answer.Header.Add("Set-Cookie", "b=2; Path=/")
	answer.Header.Set("X-Frame", "theirs")
	answer.Header.Set("Connection", "close")
	for _, body := range []string{"", "{}", strings.Repeat("x", SmallAnswer+1)} {
		answer.SetBodyString(body)
		frame, err := AppendAnswer(BeginFrame(0), LaneAnswered, LanePosition{1, 2, 3}, answer)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ReadAnswer(frame[frameHead:])
		if err != nil || a.Kind != LaneAnswered || a.At != (LanePosition{1, 2, 3}) {
			t.Errorf("%+v, %v", a, err)
		}
		near, _ := net.Pipe()
		ctx := new(fasthttp.RequestCtx)
		ctx.Init2(near, nil, false)
		c := app.AcquireCtx(ctx)
		c.Set("X-Frame", "ours")
		if err := a.Pass(c, time.Minute); err != nil {
			t.Fatal(err)
		}
		passed := c.Response()
		cookies := 0
		for range passed.Header.Cookies() {
			cookies++
		}
		if passed.StatusCode() != 201 || string(passed.Body()) != body || string(passed.Header.ContentType()) != JSONType || cookies != 2 ||
			string(passed.Header.Peek("X-Frame")) != "theirs" || passed.ConnectionClose() {
			t.Errorf("%d bytes: %s", len(passed.Body()), &passed.Header)
		}
		for cut := range len(frame) - frameHead - len(body) { // none of the headers is read past the end
			if a, err := ReadAnswer(frame[frameHead : frameHead+cut]); err == nil {
				_ = a.Pass(app.AcquireCtx(new(fasthttp.RequestCtx)), time.Minute)
			}
		}
	}
}
