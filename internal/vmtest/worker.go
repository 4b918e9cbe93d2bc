package vmtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/terrarium-go/terrarium"
	"github.com/terrarium-go/terrarium/internal/huge"
)

// Jobs run in worker processes: a worker is this executable with the verb that
// the Pool was given. It reads jobs from its standard input and writes outcomes
// to its standard output, as gob values (JSON would mend what is no UTF-8). So whatever a machine does to its
// host – a crash of the Go runtime, a hang, memory without end – hits one job,
// is an outcome of that job, and the next job gets a fresh worker.
//
// A worker serves many jobs, since a new process costs more than a small
// program, and is replaced after MaxJobs.

// Serve is a worker's life. It returns when in ends.
func Serve(in io.Reader, out io.Writer) error {
	huge.Reserve(1 << 30)
	dec := gob.NewDecoder(in)
	enc := gob.NewEncoder(out)
	var kept *terrarium.Program // of the last job that said Keep
	keptOf := ""
	for {
		var j Job
		if err := dec.Decode(&j); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		n := 0
		execute(&j, func(j *Job) (*terrarium.Program, error) {
			if !j.Keep {
				return compile(j)
			}
			if files := strings.Join(j.Files, "\n"); kept == nil || keptOf != files {
				p, err := compile(j)
				if err != nil {
					return nil, err
				}
				kept, keptOf = p, files
			}
			return kept, nil
		}, func(o Outcome) { n++; enc.Encode(o) })
		if err := enc.Encode(Outcome{Job: j.ID, Mode: endOfJob}); err != nil {
			return err
		}
	}
}

// endOfJob is the mode of the value that ends a job's outcomes.
const endOfJob = "end of job"

// Pool runs jobs in worker processes.
type Pool struct {
	Verb    []string // arguments that make this executable a worker
	Workers int      // processes at the same time
	MaxJobs int      // jobs that one process serves; 0: 100
	Env     []string // added to the workers' environment

	// Outcome is told every outcome as it comes, from one goroutine at a time.
	Outcome func(*Job, Outcome)

	mu sync.Mutex
}

// Run runs all jobs and returns when they are done, or ctx is.
func (p *Pool) Run(ctx context.Context, jobs []Job) error {
	next := make(chan *Job)
	var wg sync.WaitGroup
	errs := make(chan error, p.Workers)
	for range p.Workers {
		wg.Go(func() {
			w := &worker{pool: p}
			defer w.stop()
			for j := range next {
				if err := w.run(ctx, j); err != nil {
					errs <- err
					for range next {
					}
					return
				}
			}
		})
	}
	for i := range jobs {
		jobs[i].ID = i
		select {
		case next <- &jobs[i]:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return ctx.Err()
	}
}

// worker is one process, nil cmd: none yet.
type worker struct {
	pool   *Pool
	cmd    *exec.Cmd
	in     io.WriteCloser
	jobs   *gob.Encoder // to in
	out    *gob.Decoder
	stderr *output
	served int
}

func (w *worker) start() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	w.cmd = exec.Command(exe, w.pool.Verb...)
	w.cmd.Env = append(os.Environ(), w.pool.Env...)
	w.stderr = &output{}
	w.cmd.Stderr = w.stderr
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	w.jobs = gob.NewEncoder(w.in)
	w.out = gob.NewDecoder(bufio.NewReaderSize(out, 1<<16))
	w.served = 0
	return w.cmd.Start()
}

// stop ends the process; the report says how it ended.
func (w *worker) stop() string {
	if w.cmd == nil {
		return ""
	}
	w.in.Close()
	t := time.AfterFunc(5*time.Second, func() { w.cmd.Process.Kill() })
	err := w.cmd.Wait()
	t.Stop()
	w.cmd = nil
	report := strings.TrimSpace(w.stderr.String())
	if err != nil {
		return fmt.Sprintf("host process: %v\n%s", err, report)
	}
	return report
}

// run runs one job. After a mode that takes the worker down the modes that are left
// go to a new one. The error is one of the pool's own doing.
func (w *worker) run(ctx context.Context, j *Job) error {
	left := *j
	for len(left.Modes) > 0 {
		if w.cmd == nil || w.served >= max(1, w.limit()) {
			w.stop()
			if err := w.start(); err != nil {
				return err
			}
		}
		w.served++
		n, compiled, crash, err := w.serve(ctx, &left)
		if err != nil {
			return err
		}
		if crash == "" || !compiled {
			return nil
		}
		left.Modes = left.Modes[n:]
	}
	return nil
}

func (w *worker) limit() int {
	if w.pool.MaxJobs == 0 {
		return 100
	}
	return w.pool.MaxJobs
}

// serve gives the job to the process and passes on n outcomes. crash tells that the process
// is gone; compiled, that it was not while the program was compiled.
func (w *worker) serve(ctx context.Context, j *Job) (n int, compiled bool, crash string, err error) {
	w.jobs.Encode(j) // a dead process shows when its outcomes are read
	// The machine ends a run by itself at its time limit; a host that hangs is killed later.
	grace := 20 * time.Second
	var mu sync.Mutex
	hung := false
	proc := w.cmd.Process
	kill := time.AfterFunc(2*j.Timeout+grace, func() {
		mu.Lock()
		hung = true
		mu.Unlock()
		proc.Signal(os.Interrupt)
		proc.Signal(sigQuit)
		time.AfterFunc(2*time.Second, func() { proc.Kill() })
	})
	defer kill.Stop()
	stop := context.AfterFunc(ctx, func() { proc.Kill() })
	defer stop()
	for {
		var o Outcome
		if derr := w.out.Decode(&o); derr != nil {
			if ctx.Err() != nil {
				w.stop()
				return n, false, "", ctx.Err()
			}
			crash = w.stop()
			mu.Lock()
			if hung {
				crash = "host process hung\n" + crash
			}
			mu.Unlock()
			w.pool.report(j, Outcome{Job: j.ID, Mode: j.Modes[n].Name, ExitCode: -1, End: "crash", Err: "BUG: crash: " + crashLine(crash) + "\n" + crash})
			return n + 1, true, crash, nil
		}
		kill.Reset(2*j.Timeout + grace)
		if o.Job != j.ID {
			return n, false, "", fmt.Errorf("BUG: outcome of job %d instead of %d", o.Job, j.ID)
		}
		if o.Mode == endOfJob {
			return n, true, "", nil
		}
		if n < len(j.Modes) {
			n++
		}
		w.pool.report(j, o)
	}
}

func (p *Pool) report(j *Job, o Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Outcome(j, o)
}

// crashLine is the line of a crash report that says most.
func crashLine(s string) string {
	for _, line := range strings.Split(s, "\n") {
		for _, prefix := range []string{"panic: ", "fatal error: ", "unexpected fault", "SIGSEGV", "runtime: "} {
			if strings.HasPrefix(line, prefix) {
				return line
			}
		}
	}
	line, _, _ := bytes.Cut([]byte(s), []byte("\n"))
	return string(line)
}
