class Leakwatch: pass
