package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// memNet is a network in memory: a listener whose connections are pipes.
type memNet struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (m *memNet) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}
func (m *memNet) Close() error   { m.once.Do(func() { close(m.done) }); return nil }
func (m *memNet) Addr() net.Addr { return &net.UnixAddr{Name: "mem", Net: "mem"} }
func (m *memNet) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case m.conns <- a:
		return b, nil
	case <-m.done:
		return nil, errors.New("down")
	}
}

func logged(next http.Handler, log *[]string, mu *sync.Mutex) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		*log = append(*log, r.Method+" "+r.URL.Path)
		mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s q=%s", r.PathValue("name"), r.FormValue("q"))
	})
	mux.HandleFunc("POST /sum", func(w http.ResponseWriter, r *http.Request) {
		var in []float64
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		t := 0.0
		for _, v := range in {
			t += v
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]float64{"sum": t})
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			fmt.Fprintf(w, "chunk %d\n", i)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.Handle("/old", http.RedirectHandler("/hello/moved", http.StatusFound))

	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("GET", "/hello/x%2Fy?q=1", nil))
	fmt.Println(rec.Code, rec.Body)
	rec = httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("DELETE", "/sum", nil))
	fmt.Println(rec.Code, rec.Header().Get("Allow"), rec.Body)

	var log []string
	var mu sync.Mutex
	m := &memNet{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: logged(mux, &log, &mu)}
	served := make(chan error)
	go func() { served <- srv.Serve(m) }()
	client := &http.Client{Transport: &http.Transport{DialContext: m.dial}}

	get := func(u string) {
		resp, err := client.Get("http://mem" + u)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		fmt.Printf("%d %q %v %s\n", resp.StatusCode, b, err, resp.Request.URL.Path)
	}
	get("/hello/world?q=a+b")
	get("/old")
	get("/none")
	get("/stream")
	for _, body := range []string{"[1, 2, 3.5]", "[1,"} {
		resp, err := client.Post("http://mem/sum", "application/json", strings.NewReader(body))
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Print(resp.Status, " ", resp.Header.Get("Content-Type"), " ", string(b), err, "\n")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://mem/slow", nil)
	_, err := client.Do(req)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	cancel()

	var wg sync.WaitGroup
	bytes := make([]int, 20)
	for i := range bytes {
		wg.Go(func() {
			resp, err := client.Get(fmt.Sprintf("http://mem/hello/n%d?q=%s", i, strings.Repeat("z", i*100)))
			if err == nil {
				b, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				bytes[i] = len(b)
			}
		})
	}
	wg.Wait()
	fmt.Println(bytes)
	client.CloseIdleConnections()
	fmt.Println(srv.Shutdown(context.Background()), <-served, len(log))

	u, err := url.Parse("https://user:p%40ss@example.com:8080/a%20b/../c?x=1&y=2&x=3#frag")
	fmt.Println(u.Host, u.Port(), u.User.Username(), u.Path, u.Query()["x"], u.Fragment, u.JoinPath("d", "../e"), err)
	ref, _ := u.Parse("../rel?k=v w")
	fmt.Println(ref, url.QueryEscape("a b&c=d/é"), url.Values{"b": {"2"}, "a": {"1", "x y"}}.Encode())
	_, err = url.Parse("http://[::1")
	fmt.Println(err)
	p := netip.MustParsePrefix("10.1.0.0/16")
	fmt.Println(p.Contains(netip.MustParseAddr("10.1.2.3")), p.Masked(), netip.MustParseAddr("::ffff:1.2.3.4").Unmap(), net.ParseIP("fe80::1"), net.JoinHostPort("::1", "80"))
}
