from simulation.life import run_seed
import sys
def main():
    a,b=map(int,sys.argv[1].split(":"))
    bad=0; tot=0
    from collections import Counter
    c=Counter()
    for s in range(a,b):
        o=run_seed(s)
        tot+=o.spent_s; c.update(o.counts)
        if o.broken:
            bad+=1; print(s,o.broken[:200]); 
            if bad<3: print(o.trace[-1500:])
            if bad>12: break
    print("mean ms", 1000*tot/(s-a+1), bad, dict(c))
