typedef long base;
