; What the heap does for a Lisp: lists that come and go by the million, and a
; limit that is an error like any other.

(define (iota n) (let ((l '())) (iota-loop n l)))
(define (iota-loop n l) (if (eq? n 0) l (iota-loop (- n 1) (cons n l))))
(define (sum l) (sum-loop l 0))
(define (sum-loop l s) (if (not l) s (sum-loop (cdr l) (+ s (car l)))))
(define (map f l) (if (not l) '() (cons (f (car l)) (map f (cdr l)))))
(define (filter f l) (if (not l) '() (if (f (car l)) (cons (car l) (filter f (cdr l))) (filter f (cdr l)))))
(define (append a b) (if (not a) b (cons (car a) (append (cdr a) b))))

(print "sum of 1 … 1000:" (sum (iota 1000)))
(print "squares:" (map (lambda (x) (* x x)) (iota 10)))

; Quicksort of numbers from a little generator, which is a closure with state.
(define (generator seed) (lambda () (set! seed (mod (+ (* seed 1103515245) 12345) 2147483648))))
(define (numbers g n) (if (eq? n 0) '() (cons (mod (g) 1000) (numbers g (- n 1)))))
(define (sort l)
  (if (not l) '()
    (let ((p (car l)))
      (append (sort (filter (lambda (x) (< x p)) (cdr l)))
              (cons p (sort (filter (lambda (x) (not (< x p))) (cdr l))))))))
(print "sorted:" (sort (numbers (generator 42) 20)))

; Queens on a board of six: all solutions.
(define (safe? q d qs)
  (if (not qs) 1
    (if (eq? q (car qs)) '()
      (if (eq? q (+ (car qs) d)) '()
        (if (eq? q (- (car qs) d)) '()
          (safe? q (+ d 1) (cdr qs)))))))
(define (try-columns n k q qs)
  (if (< n q) 0 (+ (if (safe? q 1 qs) (place n (- k 1) (cons q qs)) 0) (try-columns n k (+ q 1) qs))))
(define (place n k qs) (if (eq? k 0) 1 (try-columns n k 1 qs)))
(print "six queens:" (place 6 6 '()))

; Garbage: a hundred lists of a thousand pairs, each forgotten at once.
(define (churn times) (if (eq? times 0) 0 (+ (sum (iota 1000)) (churn-rest times))))
(define (churn-rest times) (churn (- times 1)))
(print "churned:" (churn 100))
(collect)
(print "live after it:" (live) "bytes")

; A list without end meets the limit. The error is caught; the list is garbage then.
(define (for-ever l) (for-ever (cons 1 l)))
(print "for ever:" (try (for-ever '()) (lambda (message) message)))
(print "deep:" (try ((lambda () (define (deep n) (+ 1 (deep (+ n 1)))) (deep 0))) (lambda (message) message)))
(print "and on:" (sum (iota 100)))
(print "collections:" (collections) "conses:" (conses) "used:" (used) "of" (limit))
