package poll

// init counts the references to the descriptor in an object of its own. A pointer to the count inside of the
// file would lead from the file to itself, and its finalizer, which closes what was forgotten, would never run.
func (s *SysFile) init() {
	if s.RefCountPtr == nil {
		s.RefCount = 1
		s.RefCountPtr = new(int32)
		*s.RefCountPtr = 1
	}
}
